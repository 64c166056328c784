-- What the scheduler did and when; counts and failures are sealed in `body`.
-- `ended_at` is empty while a run goes on, and where the process ended in it.
CREATE TABLE job_run (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    job        TEXT NOT NULL,
    due_at     INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    body       BLOB NOT NULL
);
CREATE INDEX job_run_of_job ON job_run (job, id);

-- UTC days on which this server ran: the evidence that time has really passed.
CREATE TABLE heartbeat (
    day INTEGER PRIMARY KEY,
    at  INTEGER NOT NULL
);

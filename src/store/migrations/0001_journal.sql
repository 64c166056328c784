-- What was acknowledged and is not settled yet, in order. One row a batch and
-- account. AUTOINCREMENT: a sequence number is never used twice.
CREATE TABLE journal (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    salt    BLOB NOT NULL,
    body    BLOB NOT NULL
);

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

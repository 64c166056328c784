-- Who runs the instance signs in as a member does, of no account: 0 stands for the
-- instance, so members and sessions no longer refer to `account`. Sessions end with
-- this step; everybody signs in once more.
DROP TABLE session;
CREATE TABLE person (
    id          INTEGER PRIMARY KEY,
    account     INTEGER NOT NULL,
    email_index BLOB NOT NULL UNIQUE,
    body        BLOB NOT NULL
);
INSERT INTO person (id, account, email_index, body) SELECT id, account, email_index, body FROM member;
DROP TABLE member;
ALTER TABLE person RENAME TO member;
CREATE INDEX member_of_account ON member (account);
CREATE TABLE session (
    id         INTEGER PRIMARY KEY,
    account    INTEGER NOT NULL,
    member     INTEGER NOT NULL REFERENCES member (id),
    token_hash BLOB NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    body       BLOB NOT NULL
);

-- One-time links: to join an account, or to come back into it.
CREATE TABLE invite (
    id         INTEGER PRIMARY KEY,
    account    INTEGER NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    body       BLOB NOT NULL
);
CREATE INDEX invite_of_account ON invite (account);

-- An owner lets the operator in for some hours; a row that is gone lets nobody in.
CREATE TABLE support_grant (
    id         INTEGER PRIMARY KEY,
    account    INTEGER NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    body       BLOB NOT NULL
);

-- Which of the operator's sessions is inside an account, by which grant.
CREATE TABLE support_visit (
    token_hash    BLOB PRIMARY KEY,
    account       INTEGER NOT NULL,
    support_grant INTEGER NOT NULL REFERENCES support_grant (id) ON DELETE CASCADE
) WITHOUT ROWID;

-- What was done at the machine's shell that members are told of.
CREATE TABLE shell_act (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    body    BLOB NOT NULL
);
CREATE INDEX shell_act_of_account ON shell_act (account, id);

-- What the operator calls an account.
ALTER TABLE account ADD COLUMN label TEXT;

-- Only what a look-up or a schedule needs stands in plain text: row ids, accounts,
-- UTC days, states, expiry instants, blind indexes and hashes. The rest is sealed
-- in `body`.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE account (
    id         INTEGER PRIMARY KEY,
    state      INTEGER NOT NULL,
    expires_at INTEGER,
    body       BLOB NOT NULL
);

CREATE TABLE member (
    id          INTEGER PRIMARY KEY,
    account     INTEGER NOT NULL REFERENCES account (id),
    email_index BLOB NOT NULL UNIQUE,
    body        BLOB NOT NULL
);

CREATE TABLE session (
    id         INTEGER PRIMARY KEY,
    account    INTEGER NOT NULL REFERENCES account (id),
    member     INTEGER NOT NULL REFERENCES member (id),
    token_hash BLOB NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    body       BLOB NOT NULL
);

CREATE TABLE api_token (
    id         INTEGER PRIMARY KEY,
    account    INTEGER NOT NULL REFERENCES account (id),
    token_hash BLOB NOT NULL UNIQUE,
    body       BLOB NOT NULL
);

-- One-time set-up addresses.
CREATE TABLE set_up (
    token_hash BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE site (
    id      INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    body    BLOB NOT NULL
);

CREATE TABLE campaign (
    id      INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    body    BLOB NOT NULL
);

CREATE TABLE publisher (
    id      INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    body    BLOB NOT NULL
);

-- `seq` orders them as they were settled; `id` is the public one. `waits` is 1
-- while no exchange rate is known.
CREATE TABLE conversion (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      INTEGER NOT NULL UNIQUE,
    account INTEGER NOT NULL REFERENCES account (id),
    day     INTEGER NOT NULL,
    waits   INTEGER NOT NULL,
    body    BLOB NOT NULL
);
CREATE INDEX conversion_of_account ON conversion (account, seq);
CREATE INDEX conversion_waiting ON conversion (account) WHERE waits = 1;

-- Blind indexes of transactions and clicks that have counted, by goal. They outlive
-- the conversion, so that an erased one is not counted again.
CREATE TABLE conversion_key (
    account INTEGER NOT NULL,
    key     BLOB NOT NULL,
    day     INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;

-- class 1: trail, 2: tally. Columns of a segment stand in segment_column under
-- 64 times its id plus the column's number.
CREATE TABLE segment (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (id),
    class   INTEGER NOT NULL,
    day     INTEGER NOT NULL,
    tier    INTEGER NOT NULL,
    header  BLOB NOT NULL
);
CREATE INDEX segment_of_day ON segment (account, class, day, tier);

CREATE TABLE segment_column (
    id   INTEGER PRIMARY KEY,
    body BLOB NOT NULL
);

-- How many hits were settled, and why others were not counted.
CREATE TABLE intake (
    account INTEGER PRIMARY KEY REFERENCES account (id),
    body    BLOB NOT NULL
);

-- Who did what; written in the transaction of the act itself.
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    body    BLOB NOT NULL
);

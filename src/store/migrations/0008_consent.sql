-- The receipt of each grant and withdrawal. `key` is the blind index of its random
-- id; `day` is the UTC day it was given on.
CREATE TABLE consent_receipt (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (id),
    day     INTEGER NOT NULL,
    key     BLOB NOT NULL,
    body    BLOB NOT NULL,
    UNIQUE (account, key)
);

-- Who has withdrawn and must be erased; the row goes with the data.
CREATE TABLE withdrawal (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account (id),
    body    BLOB NOT NULL
);

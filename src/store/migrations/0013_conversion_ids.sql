-- A conversion is found by its place, which its id carries: an index of ids under random
-- keys dirtied a page of its own with nearly every order. SQLite drops the index of a
-- UNIQUE column only with its table. Places go on where they were: none is used twice.
CREATE TABLE conversion_by_place (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES account (id),
    day     INTEGER NOT NULL,
    waits   INTEGER NOT NULL,
    body    BLOB NOT NULL
);
INSERT INTO conversion_by_place (seq, id, account, day, waits, body)
SELECT seq, id, account, day, waits, body FROM conversion ORDER BY seq;

-- Up to this place ids are random and lead nowhere: they are looked for row by row.
INSERT INTO meta (name, value)
SELECT 'random_ids_until', unhex(printf('%016x', seq)) FROM sqlite_sequence
WHERE name = 'conversion';

DELETE FROM sqlite_sequence WHERE name = 'conversion_by_place';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'conversion_by_place', seq FROM sqlite_sequence WHERE name = 'conversion';
DROP TABLE conversion;
ALTER TABLE conversion_by_place RENAME TO conversion;
CREATE INDEX conversion_of_account ON conversion (account, seq);
CREATE INDEX conversion_waiting ON conversion (account) WHERE waits = 1;

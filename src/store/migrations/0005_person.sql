-- Persons of whom nothing new is taken, by blind index alone. kind 1: visitor, 2: hit,
-- 3: conversion, 4: transaction. effect 1: restricted, 2: objected, 3: erased.
CREATE TABLE person_mark (
    account INTEGER NOT NULL REFERENCES account (id),
    key     BLOB NOT NULL,
    effect  INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    day     INTEGER NOT NULL,
    PRIMARY KEY (account, key, effect)
) WITHOUT ROWID;

-- Erasures and how far each has come. state 1: begun, 2: in the keyring, 3: trail
-- rewritten, 4: journal clean, 5: nameless, 6: done.
CREATE TABLE erasure (
    id      INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    state   INTEGER NOT NULL,
    day     INTEGER NOT NULL,
    body    BLOB NOT NULL
);
CREATE INDEX erasure_of_account ON erasure (account);
CREATE INDEX erasure_unfinished ON erasure (state) WHERE state < 6;

-- What people ask for.
CREATE TABLE privacy_request (
    id        INTEGER PRIMARY KEY,
    account   INTEGER NOT NULL REFERENCES account (id),
    state     INTEGER NOT NULL,
    due_at    INTEGER NOT NULL,
    closed_at INTEGER,
    body      BLOB NOT NULL
);
CREATE INDEX privacy_request_of_account ON privacy_request (account, id);

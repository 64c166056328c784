-- Each entry holds the hash of its own content (`entry`) and one that holds all
-- entries of its account before it (`hash`); `number` counts them from 1. The network
-- it came from stands beside the chain, sealed, so that it can be dropped.
ALTER TABLE audit ADD COLUMN number INTEGER;
ALTER TABLE audit ADD COLUMN day INTEGER;
ALTER TABLE audit ADD COLUMN entry BLOB;
ALTER TABLE audit ADD COLUMN hash BLOB;
ALTER TABLE audit ADD COLUMN network BLOB;
CREATE UNIQUE INDEX audit_of_account ON audit (account, number);

-- Where each account's log ends: number and hash of its last entry, sealed.
CREATE TABLE audit_head (
    account INTEGER PRIMARY KEY,
    body    BLOB NOT NULL
);

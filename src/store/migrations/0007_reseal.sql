-- Up to which version of its data key an account's content has been sealed again;
-- without a row: the first.
CREATE TABLE reseal (
    account INTEGER PRIMARY KEY,
    version INTEGER NOT NULL
);

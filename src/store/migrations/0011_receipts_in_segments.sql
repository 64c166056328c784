-- Receipts of consent are segments of their own class: a row under a random key each
-- dirtied a page of its index with every first consent. No release wrote this table.
DROP TABLE consent_receipt;

-- What is known of an account besides its settings, and what stays when it is gone:
-- sealed under the instance's key, and keyed by `id`, so that it outlives the
-- account's own rows. `stage` says how far its end has come.
CREATE TABLE account_life (
    id    INTEGER PRIMARY KEY,
    stage INTEGER NOT NULL,
    body  BLOB NOT NULL
);

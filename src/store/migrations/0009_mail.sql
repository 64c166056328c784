-- Mail that waits to be sent: one row a recipient, gone once it was taken by the mail
-- server or given up. `account` 0 is the instance.
CREATE TABLE mail (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL,
    due_at  INTEGER NOT NULL,
    body    BLOB NOT NULL
);
CREATE INDEX mail_due ON mail (due_at);
CREATE INDEX mail_of_account ON mail (account);

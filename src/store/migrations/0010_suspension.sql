-- Since when the operator holds an account; nothing where they do not.
ALTER TABLE account ADD COLUMN suspended_at INTEGER;

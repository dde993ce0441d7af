-- The vault's whole knowledge: a pointer, and a value that its clients sealed and its own keyring sealed
-- once more. No team, environment, name, author or time; without row ids, no order of insertion either.

CREATE TABLE data_keys (
    id      BLOB NOT NULL PRIMARY KEY,
    wrapped BLOB NOT NULL,
    use     TEXT NOT NULL CHECK (use IN ('current', 'retiring'))
) WITHOUT ROWID;

CREATE UNIQUE INDEX one_current_data_key ON data_keys (use) WHERE use = 'current';

CREATE TABLE sealed_values (
    pointer BLOB NOT NULL PRIMARY KEY,
    sealed  BLOB NOT NULL
) WITHOUT ROWID;

-- What an owner gave up after it was seen here: it is no history any more, and kept as evidence.
CREATE TABLE given_up (
    environment BLOB NOT NULL,
    accepted INTEGER NOT NULL,
    number INTEGER NOT NULL,
    given_up_at INTEGER NOT NULL,
    sealed_envelope BLOB NOT NULL,
    PRIMARY KEY (environment, accepted, number)
) STRICT, WITHOUT ROWID;

-- The revision that the environment went back to: until its user pushed or pulled once, nothing happens by itself.
ALTER TABLE linked_files ADD COLUMN went_back_to INTEGER;

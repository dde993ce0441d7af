-- By the digest that the author signed, and no more by the pointer that a vault chose to serve it under. What was kept is fetched again.
DROP TABLE blobs;

CREATE TABLE blobs (
    digest BLOB PRIMARY KEY,
    blob BLOB NOT NULL
) STRICT, WITHOUT ROWID;

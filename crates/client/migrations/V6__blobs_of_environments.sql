-- Each environment keeps its own: what is purged in one takes nothing from another that has the same. What was kept is fetched again.
DROP TABLE blobs;

CREATE TABLE blobs (
    environment BLOB NOT NULL,
    digest BLOB NOT NULL,
    blob BLOB NOT NULL,
    PRIMARY KEY (environment, digest)
) STRICT, WITHOUT ROWID;

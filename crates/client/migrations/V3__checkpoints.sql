-- A replayed team, so that its log need not be replayed at each start. Bound to the head that it stands for.
CREATE TABLE checkpoints (
    team BLOB PRIMARY KEY,
    number INTEGER NOT NULL CHECK (number > 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    sealed_team BLOB NOT NULL
) STRICT, WITHOUT ROWID;

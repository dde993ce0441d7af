-- What the application service keeps. Ids, sequences, states and times are what it looks rows up by;
-- every other field is sealed by its keyring, for its own row.

CREATE TABLE data_keys (
    id      BLOB NOT NULL PRIMARY KEY,
    wrapped BLOB NOT NULL,
    use     TEXT NOT NULL CHECK (use IN ('current', 'retiring'))
) WITHOUT ROWID;

CREATE UNIQUE INDEX one_current_data_key ON data_keys (use) WHERE use = 'current';

-- The hash of the code that allows the first team.
CREATE TABLE setup (
    place TEXT NOT NULL PRIMARY KEY CHECK (place = 'here'),
    code  BLOB NOT NULL
) WITHOUT ROWID;

-- The head of each log, apart from the log itself: a log cut short by hand does not match it.
CREATE TABLE teams (
    team BLOB NOT NULL PRIMARY KEY,
    head BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE events (
    team      BLOB    NOT NULL REFERENCES teams,
    sequence  INTEGER NOT NULL,
    statement BLOB    NOT NULL,
    PRIMARY KEY (team, sequence)
) WITHOUT ROWID;

-- The head of each environment's history, apart from the history.
CREATE TABLE environments (
    environment BLOB NOT NULL PRIMARY KEY,
    head        BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE revisions (
    environment BLOB    NOT NULL REFERENCES environments,
    number      INTEGER NOT NULL,
    statement   BLOB    NOT NULL,
    PRIMARY KEY (environment, number)
) WITHOUT ROWID;

-- `environment` is empty for the team's own name key.
CREATE TABLE wraps (
    team        BLOB    NOT NULL REFERENCES teams,
    keyholder   BLOB    NOT NULL,
    environment BLOB    NOT NULL,
    generation  INTEGER NOT NULL,
    half        TEXT    NOT NULL CHECK (half IN ('name', 'value')),
    wrapper     BLOB    NOT NULL,
    wrap        BLOB    NOT NULL,
    PRIMARY KEY (team, keyholder, environment, generation, half, wrapper)
) WITHOUT ROWID;

-- `about`: environment, uploader and digest. Its seal is tied to the state as well.
CREATE TABLE pointers (
    pointer    BLOB    NOT NULL PRIMARY KEY,
    state      TEXT    NOT NULL CHECK (state IN ('noted', 'stored', 'used', 'dying')),
    touched_at INTEGER NOT NULL,
    about      BLOB    NOT NULL
) WITHOUT ROWID;

CREATE INDEX unused_pointers ON pointers (touched_at) WHERE state <> 'used';

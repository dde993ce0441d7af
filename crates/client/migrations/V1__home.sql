-- The store of a home. Columns named sealed_… hold bytes sealed under the home's own key; what stands in
-- the clear is random ids, numbers, times, and bytes that came sealed from a vault.

CREATE TABLE home (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    sealed_check BLOB NOT NULL
) STRICT;

CREATE TABLE teams (
    team BLOB PRIMARY KEY,
    member BLOB NOT NULL,
    sealed_details BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- How far a history was seen: it may only grow from there.
CREATE TABLE pins (
    scope_kind TEXT NOT NULL CHECK (scope_kind IN ('team', 'environment')),
    scope BLOB NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (scope_kind, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE statements (
    scope_kind TEXT NOT NULL CHECK (scope_kind IN ('team', 'environment')),
    scope BLOB NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    sealed_envelope BLOB NOT NULL,
    PRIMARY KEY (scope_kind, scope, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER statements_stay BEFORE UPDATE ON statements BEGIN
    SELECT RAISE(ABORT, 'statements are only added');
END;

CREATE TABLE blobs (
    pointer BLOB PRIMARY KEY,
    blob BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE wraps (
    scope_kind TEXT NOT NULL CHECK (scope_kind IN ('team', 'environment')),
    scope BLOB NOT NULL,
    generation INTEGER NOT NULL,
    half TEXT NOT NULL CHECK (half IN ('name', 'value')),
    wrap BLOB NOT NULL,
    PRIMARY KEY (scope_kind, scope, generation, half)
) STRICT, WITHOUT ROWID;

CREATE TABLE linked_files (
    id BLOB PRIMARY KEY,
    environment BLOB NOT NULL,
    push TEXT NOT NULL CHECK (push IN ('ask', 'auto')),
    pull TEXT NOT NULL CHECK (pull IN ('ask', 'auto')),
    keyed_path BLOB NOT NULL UNIQUE,
    sealed_path BLOB NOT NULL,
    keyed_content BLOB,
    sealed_problem BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE bases (
    file BLOB PRIMARY KEY REFERENCES linked_files (id) ON DELETE CASCADE,
    sealed_entries BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    file BLOB NOT NULL REFERENCES linked_files (id) ON DELETE CASCADE,
    sealed_plan BLOB NOT NULL
) STRICT;

CREATE TABLE backups (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    file BLOB NOT NULL REFERENCES linked_files (id) ON DELETE CASCADE,
    taken_at INTEGER NOT NULL,
    sealed_content BLOB NOT NULL
) STRICT;

CREATE INDEX backups_of_file ON backups (file, number);

CREATE TABLE refusals (
    scope_kind TEXT NOT NULL CHECK (scope_kind IN ('team', 'environment')),
    scope BLOB NOT NULL,
    code TEXT NOT NULL,
    refused_at INTEGER NOT NULL,
    sealed_evidence BLOB NOT NULL,
    PRIMARY KEY (scope_kind, scope, code)
) STRICT, WITHOUT ROWID;

-- Which id a name stood for when it was last used, so that a swapped label is noticed.
CREATE TABLE remembered_names (
    keyed_name BLOB PRIMARY KEY,
    id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
    name TEXT PRIMARY KEY,
    sealed_note BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- A refusal is over when the vault serves a history that verifies. Its evidence stays.
ALTER TABLE refusals ADD COLUMN ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1));

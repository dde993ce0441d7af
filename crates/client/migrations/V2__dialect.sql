-- The loader that a linked file is written for, where somebody said so; else it is guessed from the project.
ALTER TABLE linked_files ADD COLUMN dialect TEXT;

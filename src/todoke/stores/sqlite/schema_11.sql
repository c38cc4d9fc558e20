-- Schema 11: what people said is spam and what is none, with words as keyed hashes.
CREATE TABLE lessons (
  id TEXT PRIMARY KEY,
  taught_at INTEGER NOT NULL,
  lesson TEXT NOT NULL
) STRICT;
CREATE INDEX lessons_taught_at ON lessons (taught_at, id);

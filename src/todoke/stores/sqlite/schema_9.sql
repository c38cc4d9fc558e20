-- Schema 9: how often something was asked for just now. A name is a keyed hash, and is there until all of it has come back.
CREATE TABLE allowances (
  name TEXT PRIMARY KEY,
  full_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX allowances_full_at ON allowances (full_at);

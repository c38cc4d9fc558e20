-- Schema 5: the desk. Who a code was made for, sessions, and who did what there. Codes and sessions of before end: each
-- was kept without saying whose it is.

DROP TABLE codes;
CREATE TABLE codes (
  code_hash TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL,
  grant TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  browser TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who did what, in the order it came. `by` is a keyed hash.
CREATE TABLE acts (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  deed TEXT NOT NULL,
  submission TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX acts_at ON acts (at);

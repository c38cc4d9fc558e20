-- Schema 2: moments under a name, and the suppression lists of mail services.

-- When something was last done or heard.
CREATE TABLE marks (
  name TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When each service's list was last read.
CREATE TABLE suppression_lists (
  service TEXT PRIMARY KEY,
  read_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What it held then: the address as a comparable mailbox key, and the entry as JSON.
CREATE TABLE suppressions (
  service TEXT NOT NULL,
  address TEXT NOT NULL,
  suppression TEXT NOT NULL,
  PRIMARY KEY (service, address, suppression)
) STRICT, WITHOUT ROWID;
-- Whom an erasure means.
CREATE INDEX suppressions_address ON suppressions (address);

-- Schema 4: what is remembered of erasures, without a word of whom.

-- A keyed hash of a submission's id or of a mailbox, or the limit of an age; of what was received until when.
CREATE TABLE erased (
  by TEXT NOT NULL,
  key TEXT NOT NULL,
  until INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (by, key)
) STRICT, WITHOUT ROWID;

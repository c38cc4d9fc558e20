-- Schema 1. Times are integers: microseconds since 1970, UTC. JSON columns are text that a person can read.

-- One accepted sending of a form. `seq` is its received_at with eight bits more to tell equals apart, so the order of
-- the primary key, and of every index that ends in it, is that of time.
CREATE TABLE submissions (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  form TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  language TEXT NOT NULL,
  visitor TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  retain_until INTEGER,
  signals TEXT,
  entries TEXT NOT NULL
) STRICT;
-- Newest of a form.
CREATE INDEX submissions_form ON submissions (form);
-- The receipt; a part of the hash is enough to find it.
CREATE INDEX submissions_token ON submissions (substr(token_hash, 1, 16));
-- What retention erases next.
CREATE INDEX submissions_retention ON submissions (retain_until) WHERE retain_until IS NOT NULL;

-- The content of files, apart from the entries, so that reading a submission never reads them.
CREATE TABLE files (
  submission INTEGER NOT NULL REFERENCES submissions (seq) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (submission, position)
) STRICT;

-- Whom a submission concerns, as comparable mailbox keys: its visitor, and everyone its mails were ever for.
CREATE TABLE addresses (
  address TEXT NOT NULL,
  submission INTEGER NOT NULL,
  PRIMARY KEY (address, submission)
) STRICT, WITHOUT ROWID;

-- One mail to one recipient, beside its submission. `status` is the headline that the journal adds up to; due_at,
-- lease_until, resend_asked_at and corrections are work.
CREATE TABLE messages (
  submission INTEGER NOT NULL REFERENCES submissions (seq) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  id TEXT NOT NULL UNIQUE,
  form TEXT NOT NULL,
  role TEXT NOT NULL,
  recipient TEXT NOT NULL,
  language TEXT NOT NULL,
  message_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  about TEXT NOT NULL,
  note TEXT NOT NULL,
  status TEXT NOT NULL,
  due_at INTEGER,
  lease_until INTEGER,
  resend_asked_at INTEGER,
  corrections INTEGER NOT NULL,
  PRIMARY KEY (submission, number)
) STRICT, WITHOUT ROWID;
-- The work: when a message becomes due or the lease on it lapses. Empty when all is done.
CREATE INDEX messages_work ON messages (coalesce(lease_until, due_at)) WHERE due_at IS NOT NULL;
-- Newest with a status.
CREATE INDEX messages_status ON messages (status, form);

-- One hand-over of a message.
CREATE TABLE attempts (
  submission INTEGER NOT NULL REFERENCES submissions (seq) ON DELETE CASCADE,
  message INTEGER NOT NULL,
  number INTEGER NOT NULL,
  token TEXT NOT NULL UNIQUE,
  recipient TEXT NOT NULL,
  service TEXT NOT NULL,
  ceiling TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  PRIMARY KEY (submission, message, number)
) STRICT, WITHOUT ROWID;

-- The journal: every event of an attempt, with its evidence. `stated_id` is the service with the id that an accepted
-- event stated; `stranger` is whom an event names that is about someone else than the attempt's recipient.
CREATE TABLE events (
  submission INTEGER NOT NULL REFERENCES submissions (seq) ON DELETE CASCADE,
  message INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  position INTEGER NOT NULL,
  stated_id TEXT,
  stranger TEXT,
  event TEXT NOT NULL,
  PRIMARY KEY (submission, message, attempt, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_stated_id ON events (stated_id) WHERE stated_id IS NOT NULL;
CREATE INDEX events_stranger ON events (stranger) WHERE stranger IS NOT NULL;

-- Events that belong to no attempt, or to none yet.
CREATE TABLE orphans (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  stated_id TEXT,
  received_at INTEGER NOT NULL,
  event TEXT NOT NULL
) STRICT;
CREATE INDEX orphans_stated_id ON orphans (stated_id) WHERE stated_id IS NOT NULL;

-- What makes two requests one submission, for a while.
CREATE TABLE repeats (
  key TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  submission_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX repeats_expiry ON repeats (expires_at);

-- One-time codes that open the desk.
CREATE TABLE codes (
  code_hash TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Figures kept as they change, so that nothing is ever counted row by row.
CREATE TABLE totals (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO totals VALUES ('submissions', 0), ('messages', 0), ('orphans', 0), ('to_scrub', 0);

-- When each schema was reached.
CREATE TABLE migrations (
  version INTEGER PRIMARY KEY,
  applied_at TEXT NOT NULL
) STRICT;

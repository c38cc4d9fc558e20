-- The sandbox's own storage. One connection reads and writes it.
CREATE TABLE IF NOT EXISTS mail (          -- one accepted call of the API
  id TEXT PRIMARY KEY,                     -- the uuid in its Message-ID
  message_id TEXT NOT NULL,
  accepted_at REAL NOT NULL,               -- seconds since 1970, UTC
  api_user TEXT NOT NULL,
  sender TEXT NOT NULL,
  return_path TEXT NOT NULL,
  subject TEXT NOT NULL,
  api_data TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  attachments TEXT NOT NULL,               -- JSON: [{"name", "media_type", "bytes"}]
  source BLOB NOT NULL                     -- the message as RFC 5322 has it
);
CREATE TABLE IF NOT EXISTS copy (          -- one recipient's copy of a mail: what the inbox lists
  seq INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used again: events outlive copies
  id TEXT NOT NULL UNIQUE,
  mail_id TEXT NOT NULL REFERENCES mail (id),
  recipient TEXT NOT NULL,
  outcome TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS copy_mail ON copy (mail_id);
CREATE TABLE IF NOT EXISTS searched (      -- what the inbox searches of a mail, as search.py folds it
  mail_id TEXT PRIMARY KEY REFERENCES mail (id),
  bytes INTEGER NOT NULL,                  -- what it takes to keep the mail
  files INTEGER NOT NULL,
  sender TEXT NOT NULL,
  subject TEXT NOT NULL,
  words TEXT NOT NULL                      -- all of the mail that a plain word is looked for in
);
CREATE INDEX IF NOT EXISTS searched_bytes ON searched (bytes);
CREATE TABLE IF NOT EXISTS seen (          -- the copies that somebody has opened in the inbox
  copy_seq INTEGER PRIMARY KEY
);
CREATE TABLE IF NOT EXISTS step (          -- what happens to a copy; in the log once its time has come
  copy_seq INTEGER NOT NULL REFERENCES copy (seq),
  position INTEGER NOT NULL,
  happens_at REAL NOT NULL,
  label TEXT NOT NULL,
  event_type TEXT NOT NULL,                -- '' for what no webhook tells
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  item TEXT NOT NULL,                      -- the webhook's JSON object, '' for none
  PRIMARY KEY (copy_seq, position)
);
CREATE INDEX IF NOT EXISTS step_log ON step (event_type, happens_at);
CREATE TABLE IF NOT EXISTS event (         -- the webhook's outbox: outlives its mail
  seq INTEGER PRIMARY KEY,
  event_type TEXT NOT NULL,
  item TEXT NOT NULL,
  due_at REAL NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL,                     -- waiting, held (put off by a fault), posted, lost (given up), untold
  copy_seq INTEGER NOT NULL,
  position INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS event_owed ON event (event_type, due_at) WHERE state IN ('waiting', 'held');
CREATE INDEX IF NOT EXISTS event_step ON event (copy_seq, position);
CREATE TABLE IF NOT EXISTS block (         -- an address and its hard bounces; on the block list once it has created_at
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,                     -- in small letters
  occurred INTEGER NOT NULL,
  status TEXT NOT NULL,                    -- the error status code of the last one
  created_at REAL,                         -- NULL: counted, not blocked yet
  removed_at REAL                          -- NULL: not released
);
CREATE INDEX IF NOT EXISTS block_email ON block (email);
CREATE TABLE IF NOT EXISTS fault (         -- an ordered fault, one a place
  place TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  seconds REAL NOT NULL,
  calls_left INTEGER,                      -- NULL: until switched off
  calls_met INTEGER NOT NULL DEFAULT 0
);

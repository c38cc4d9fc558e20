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
  state TEXT NOT NULL,                     -- waiting, posted, lost (given up), untold (switched off)
  copy_seq INTEGER NOT NULL,
  position INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS event_due ON event (event_type, due_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS event_step ON event (copy_seq, position);

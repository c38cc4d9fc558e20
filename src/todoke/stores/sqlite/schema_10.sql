-- Schema 10: notices, each for one webhook. due_at is when it is to be told, or when the lease on it lapses; NULL when
-- nothing is left to do. One that is about a submission goes with it.
CREATE TABLE notices (
  place INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  submission INTEGER REFERENCES submissions (seq) ON DELETE CASCADE,
  webhook TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  due_at INTEGER,
  token TEXT,
  notice TEXT NOT NULL,
  tries TEXT NOT NULL
) STRICT;
CREATE INDEX notices_of_submission ON notices (submission);
CREATE INDEX notices_due ON notices (webhook, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX notices_made_at ON notices (made_at);

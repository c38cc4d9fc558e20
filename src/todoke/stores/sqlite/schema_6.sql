-- Schema 6: the words that submissions are found by, what the desk's people did with them, and lists of those that
-- need somebody.

-- Of each submission (by its seq) the terms that words.py makes of it, with a space between them. Only where a term
-- stands is kept of it (detail), and what is deleted is gone from the index at once (secure-delete). Beginnings of
-- up to three letters have an index of their own, because they are of very many terms.
CREATE VIRTUAL TABLE words USING fts5 (
  terms, detail = none, columnsize = 0, prefix = '1 2 3', tokenize = "ascii tokenchars ':'"
);
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);

-- What the desk's people did with a submission, as JSON; no row where nobody did anything.
CREATE TABLE care (
  submission INTEGER PRIMARY KEY REFERENCES submissions (seq) ON DELETE CASCADE,
  care TEXT NOT NULL
) STRICT;

-- What came before there was a place to say so was read in mails: nobody finds years of it unread.
INSERT INTO care SELECT seq, '{"read_at":"' || strftime('%Y-%m-%dT%H:%M:%SZ', 'now') || '"}' FROM submissions;

-- The lists that a submission is in (rules/lists.py), each by form and time.
CREATE TABLE lists (
  list TEXT NOT NULL,
  form TEXT NOT NULL,
  submission INTEGER NOT NULL,
  PRIMARY KEY (list, form, submission)
) STRICT, WITHOUT ROWID;
INSERT INTO lists SELECT DISTINCT 'attention', form, submission FROM messages
WHERE status IN ('failed', 'rejected', 'bounced');

-- How many submissions each form has.
INSERT INTO totals SELECT 'form ' || form, count(*) FROM submissions GROUP BY form;

-- What is not in the index of words yet: what was added just now, and what an older todoke kept.
CREATE TABLE unindexed (submission INTEGER PRIMARY KEY) STRICT;
INSERT INTO unindexed SELECT seq FROM submissions ORDER BY seq;

-- Schema 8: the answers of a submission that are long, whole; its own row has their beginnings alone (add.py), so that lists
-- read no megabytes. What was there before stays as it is: its row has all.
CREATE TABLE long_answers (
  submission INTEGER PRIMARY KEY REFERENCES submissions (seq) ON DELETE CASCADE,
  entries TEXT NOT NULL
) STRICT;

-- Schema 12: what is kept for review is in a list of its own until somebody judged it, and not among the unread.
INSERT INTO lists
SELECT 'review', s.form, s.seq FROM submissions AS s WHERE s.signals IS NOT NULL;
DELETE FROM lists WHERE list = 'unread' AND submission IN (SELECT seq FROM submissions WHERE signals IS NOT NULL);

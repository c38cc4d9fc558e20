-- Schema 7: each submission of a form is numbered, from one on and without a gap, as it is added. What an erasure takes
-- is what is missing. What was there before has no number, and the first that is given counts it all.
ALTER TABLE submissions ADD COLUMN ordinal INTEGER;
INSERT INTO totals SELECT 'ordinal ' || substr(name, 6), value FROM totals WHERE name LIKE 'form %';

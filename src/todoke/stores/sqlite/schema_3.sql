-- Schema 3: a repeat key is kept by its place, which is the end of the id that was made of it, and of the content's
-- fingerprint the beginning. So what a store keeps of it can move to another store.

UPDATE OR REPLACE repeats SET key = substr(submission_id, 11), fingerprint = substr(fingerprint, 1, 16);

-- The statements of the SQLite store, each under its name (`-- name: ...`) with a sentence. A parameter named :seqs or
-- :keys is a JSON list: one statement reads or changes many rows, because each statement costs the thread the GIL.

-- name: live_repeats
-- What is known of the repeat keys with these places, live or expired.
SELECT key, fingerprint, submission_id, expires_at FROM repeats WHERE key IN (SELECT value FROM json_each(:keys));

-- name: purge_repeats
-- Forget some repeats that expired; the rest goes next time.
DELETE FROM repeats WHERE key IN (SELECT key FROM repeats WHERE expires_at <= :now ORDER BY expires_at LIMIT 1000);

-- name: free_seq
-- The first free place from a taken one on.
SELECT seq + 1 FROM submissions AS s
WHERE seq >= :seq AND NOT EXISTS (SELECT 1 FROM submissions WHERE seq = s.seq + 1) ORDER BY seq LIMIT 1;

-- name: is_taken
-- Whether a place in time is taken.
SELECT 1 FROM submissions WHERE seq = :seq;

-- name: add_total
-- Keep a figure.
UPDATE totals SET value = value + :change WHERE name = :name;

-- name: take_ordinals
-- Number so many submissions of a form; the last number given.
INSERT INTO totals VALUES (:name, :count) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value;

-- name: reach_ordinal
-- Go on after this number of a form, which came from elsewhere.
INSERT INTO totals VALUES (:name, :ordinal) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value);

-- name: submissions
-- Submissions without their files' content.
SELECT seq, id, form, received_at, language, visitor, token_hash, retain_until, signals,
  coalesce(whole.entries, submissions.entries), ordinal
FROM submissions LEFT JOIN long_answers AS whole ON whole.submission = seq
WHERE seq IN (SELECT value FROM json_each(:seqs));

-- name: brief_submissions
-- The same with the beginnings of answers that are long.
SELECT seq, id, form, received_at, language, visitor, token_hash, retain_until, signals, entries, ordinal
FROM submissions WHERE seq IN (SELECT value FROM json_each(:seqs));

-- name: messages
-- The messages of these submissions, in the order they were made.
SELECT submission, number, id, role, recipient, language, message_id, created_at, about, note,
  due_at, lease_until, resend_asked_at, corrections
FROM messages WHERE submission IN (SELECT value FROM json_each(:seqs)) ORDER BY submission, number;

-- name: attempts
-- The attempts of these submissions, oldest first.
SELECT submission, message, number, token, recipient, service, ceiling, started_at
FROM attempts WHERE submission IN (SELECT value FROM json_each(:seqs)) ORDER BY submission, message, number;

-- name: events
-- The events of these submissions' attempts, in the order they were journaled.
SELECT submission, message, attempt, position, event
FROM events WHERE submission IN (SELECT value FROM json_each(:seqs)) ORDER BY submission, message, attempt, position;

-- name: seq_of_submission
SELECT seq FROM submissions WHERE id = :id;

-- name: seq_of_token
-- The submission whose receipt token has this hash.
SELECT seq FROM submissions WHERE substr(token_hash, 1, 16) = substr(:hash, 1, 16) AND token_hash = :hash;

-- name: seqs_of_messages
-- The submissions of these messages.
SELECT id, submission FROM messages WHERE id IN (SELECT value FROM json_each(:keys));

-- name: places_of_tokens
-- The messages of the attempts with these tokens.
SELECT a.token, m.id, a.submission FROM attempts AS a
JOIN messages AS m ON m.submission = a.submission AND m.number = a.message
WHERE a.token IN (SELECT value FROM json_each(:keys));

-- name: tokens_of_stated_ids
-- The attempts of which an accepted event stated these ids; of several, the newest comes last.
SELECT e.stated_id, a.token, m.id, e.submission FROM events AS e
JOIN attempts AS a ON a.submission = e.submission AND a.message = e.message AND a.number = e.attempt
JOIN messages AS m ON m.submission = e.submission AND m.number = e.message
WHERE e.stated_id IN (SELECT value FROM json_each(:keys)) ORDER BY e.submission, e.message, e.attempt;

-- name: due_messages
-- The work: due, or under a lease that lapsed; the longest due first.
SELECT id, submission FROM messages
WHERE due_at IS NOT NULL AND coalesce(lease_until, due_at) <= :now ORDER BY coalesce(lease_until, due_at), id LIMIT :limit;

-- name: due_among
-- The work among these messages.
SELECT id, submission FROM messages
WHERE id IN (SELECT value FROM json_each(:keys)) AND due_at IS NOT NULL AND coalesce(lease_until, due_at) <= :now
ORDER BY coalesce(lease_until, due_at), id LIMIT :limit;

-- name: next_due
-- When the next message becomes due or a lease lapses.
SELECT min(coalesce(lease_until, due_at)) FROM messages WHERE due_at IS NOT NULL;

-- name: update_message
-- Keep a message's work, recipient and headline.
UPDATE messages SET recipient = ?, status = ?, due_at = ?, lease_until = ?, resend_asked_at = ?, corrections = ?
WHERE submission = ? AND number = ?;

-- name: put_address
-- One more mailbox that a submission concerns.
INSERT OR IGNORE INTO addresses VALUES (:address, :seq);

-- name: put_orphan
-- An event that belongs to no attempt, once.
INSERT OR IGNORE INTO orphans (key, stated_id, received_at, event) VALUES (:key, :stated_id, :received_at, :event);

-- name: drop_oldest_orphans
-- Those that are too many.
DELETE FROM orphans WHERE id IN (
  SELECT id FROM orphans ORDER BY id LIMIT max(0, (SELECT value FROM totals WHERE name = 'orphans') - :most)
);

-- name: take_orphans
-- The orphans that name this id.
DELETE FROM orphans WHERE stated_id = :stated_id RETURNING id, event;

-- name: newest_orphans
SELECT event FROM orphans ORDER BY id DESC LIMIT :limit;

-- name: file
-- One file's content.
SELECT content FROM files WHERE submission = :seq AND position = :position;

-- name: page_all
-- Newest of all.
SELECT seq FROM submissions WHERE seq >= :low AND seq < :high ORDER BY seq DESC;

-- name: page_form
-- Newest of a form.
SELECT seq FROM submissions WHERE form = :form AND seq >= :low AND seq < :high ORDER BY seq DESC;

-- name: page_address
-- Newest that concern a mailbox.
SELECT submission FROM addresses
WHERE address = :address AND submission >= :low AND submission < :high ORDER BY submission DESC;

-- name: page_status
-- Newest of a form with a message of this status.
SELECT DISTINCT submission FROM messages
WHERE status = :status AND form = :form AND submission >= :low AND submission < :high ORDER BY submission DESC;

-- name: page_list
-- Newest of a form in a list.
SELECT submission FROM lists
WHERE list = :list AND form = :form AND submission >= :low AND submission < :high ORDER BY submission DESC;

-- name: page_words
-- Newest in which words are found.
SELECT rowid FROM words WHERE words MATCH :question AND rowid >= :low AND rowid < :high ORDER BY rowid DESC;

-- name: forms
-- All form names, each found by one step in the index.
WITH RECURSIVE names (form) AS (
  SELECT min(form) FROM submissions
  UNION ALL SELECT (SELECT min(form) FROM submissions WHERE form > names.form) FROM names WHERE names.form IS NOT NULL
) SELECT form FROM names WHERE form IS NOT NULL;

-- name: keep_of_forms
-- Those of these submissions that are of one of these forms.
SELECT seq FROM submissions WHERE seq IN (SELECT value FROM json_each(:seqs))
  AND form IN (SELECT value FROM json_each(:keys));

-- name: keep_with_status
-- Those of these submissions that have a message of one of these statuses. The + keeps SQLite from the index of that
-- status, which may be as long as all that is stored.
SELECT DISTINCT submission FROM messages WHERE submission IN (SELECT value FROM json_each(:seqs))
  AND +status IN (SELECT value FROM json_each(:keys));

-- name: keep_with_address
-- Those of these submissions that concern a mailbox.
SELECT submission FROM addresses
WHERE address = :address AND submission IN (SELECT value FROM json_each(:seqs));

-- name: keep_in_list
-- Those of these submissions that are in a list.
SELECT s.seq FROM submissions AS s CROSS JOIN lists AS l ON l.list = :list AND l.form = s.form AND l.submission = s.seq
WHERE s.seq IN (SELECT value FROM json_each(:seqs));

-- name: notified
-- Whom notifications of these submissions are for.
SELECT submission, recipient FROM messages
WHERE submission IN (SELECT value FROM json_each(:seqs)) AND role = 'notification';

-- name: care
-- What the desk's people did with these submissions.
SELECT submission, care FROM care WHERE submission IN (SELECT value FROM json_each(:seqs));

-- name: put_care
INSERT INTO care VALUES (:seq, :care) ON CONFLICT (submission) DO UPDATE SET care = excluded.care;

-- name: delete_care
DELETE FROM care WHERE submission = :seq;

-- name: join_list
INSERT OR IGNORE INTO lists VALUES (?, ?, ?);

-- name: leave_list
DELETE FROM lists WHERE list = ? AND form = ? AND submission = ?;

-- name: words_of
-- The terms that a submission is indexed by.
SELECT terms FROM words WHERE rowid = :seq;

-- name: several_words
-- The same of several, without asking the index.
SELECT id, c0 FROM words_content WHERE id IN (SELECT value FROM json_each(:seqs));

-- name: update_words
UPDATE words SET terms = :terms WHERE rowid = :seq;

-- name: delete_words
DELETE FROM words WHERE rowid IN (SELECT value FROM json_each(:seqs));

-- name: put_form_total
-- Begin to count a form's submissions.
INSERT OR IGNORE INTO totals VALUES (:name, 0);

-- name: page_unindexed
-- Newest of those that are not in the index of words yet.
SELECT submission FROM unindexed WHERE submission >= :low AND submission < :high ORDER BY submission DESC;

-- name: next_to_index
-- Some of them, the newest first.
SELECT submission FROM unindexed ORDER BY submission DESC LIMIT :limit;

-- name: delete_unindexed
DELETE FROM unindexed WHERE submission IN (SELECT value FROM json_each(:seqs));

-- name: totals
SELECT name, value FROM totals;

-- name: backlog
-- How many messages wait or are being worked on, and when the oldest of them was made.
SELECT count(*), min(created_at) FROM messages WHERE due_at IS NOT NULL;

-- name: walk
-- Submissions after a place, oldest first.
SELECT seq FROM submissions WHERE seq > :after ORDER BY seq LIMIT :limit;

-- name: files
-- The contents of a submission's files.
SELECT position, content FROM files WHERE submission = :seq;

-- name: orphans_after
-- Some orphans, in the order they came.
SELECT id, event FROM orphans WHERE id > :after ORDER BY id LIMIT :limit;

-- name: marks
SELECT name, at FROM marks ORDER BY name;

-- name: seqs_received_before
SELECT seq FROM submissions WHERE seq < :seq;

-- name: seqs_retained_before
-- Submissions whose retention ended.
SELECT seq FROM submissions WHERE retain_until <= :time;

-- name: seqs_of_address
-- Submissions that concern a mailbox in any way.
SELECT submission FROM addresses WHERE address = :address;

-- name: delete_submissions
-- A submission takes its files, messages, attempts and events with it.
DELETE FROM submissions WHERE seq IN (SELECT value FROM json_each(:seqs));

-- name: delete_addresses
DELETE FROM addresses WHERE address IN (SELECT value FROM json_each(:keys))
  AND submission IN (SELECT value FROM json_each(:seqs));

-- name: delete_repeats
DELETE FROM repeats WHERE submission_id IN (SELECT value FROM json_each(:keys));

-- name: delete_strangers
-- Events elsewhere that name an erased mailbox; by their rule they changed nothing.
DELETE FROM events WHERE stranger IN (SELECT value FROM json_each(:keys));

-- name: still_known
-- Those of these mailboxes that other submissions concern.
SELECT DISTINCT address FROM addresses WHERE address IN (SELECT value FROM json_each(:keys));

-- name: all_orphans
SELECT id, event FROM orphans;

-- name: delete_orphans
DELETE FROM orphans WHERE id IN (SELECT value FROM json_each(:keys));

-- name: set_total
UPDATE totals SET value = :value WHERE name = :name;

-- Leases of a process that is gone lapse: the messages are due at once.
-- name: end_leases
UPDATE messages SET lease_until = due_at WHERE due_at IS NOT NULL AND lease_until > due_at;

-- name: put_code
INSERT OR REPLACE INTO codes VALUES (:hash, :expires_at, :grant);

-- name: purge_codes
DELETE FROM codes WHERE expires_at <= :now;

-- name: take_code
-- A code is gone once it was asked for.
DELETE FROM codes WHERE code_hash = :hash RETURNING expires_at, grant;

-- name: full_at
SELECT full_at FROM allowances WHERE name = :name;

-- name: put_full_at
INSERT OR REPLACE INTO allowances VALUES (:name, :full_at);

-- name: use_up
INSERT INTO allowances VALUES (:name, :full_at)
ON CONFLICT (name) DO UPDATE SET full_at = max(full_at, excluded.full_at);

-- name: purge_allowances
DELETE FROM allowances WHERE full_at <= :now;

-- name: put_back
UPDATE allowances SET full_at = full_at - :step WHERE name = :name;

-- name: mark
SELECT at FROM marks WHERE name = :name;

-- name: put_mark
-- A row where it was put.
INSERT INTO marks VALUES (:name, :at) ON CONFLICT (name) DO UPDATE SET at = excluded.at
WHERE :unless_after IS NULL OR at <= :unless_after RETURNING at;

-- name: suppression_lists
SELECT service, read_at FROM suppression_lists ORDER BY service;

-- name: put_suppression_list
INSERT OR REPLACE INTO suppression_lists VALUES (:service, :read_at);

-- name: suppressions
SELECT address, suppression FROM suppressions WHERE service = :service ORDER BY address, suppression;

-- name: suppressions_of
SELECT suppression FROM suppressions WHERE service = :service AND address = :address;

-- name: delete_suppression
DELETE FROM suppressions WHERE service = :service AND address = :address AND suppression = :suppression;

-- name: delete_suppressions_of
-- Suppressions of these mailboxes, by whatever service.
DELETE FROM suppressions WHERE address IN (SELECT value FROM json_each(:keys));

-- name: remember_erased
-- Of two erasures of the same the later moments stay.
INSERT INTO erased VALUES (?, ?, ?, ?)
ON CONFLICT (by, key) DO UPDATE SET until = max(until, excluded.until), at = max(at, excluded.at);

-- name: erased
SELECT by, key, until, at FROM erased WHERE at > :forgotten ORDER BY at, by, key;

-- name: forget_erased
DELETE FROM erased WHERE at <= :forgotten;

-- name: put_session
INSERT OR REPLACE INTO sessions VALUES (:hash, :person, :began_at, :seen_at, :ends_at, :browser);

-- name: purge_sessions
DELETE FROM sessions WHERE ends_at <= :now;

-- name: session
SELECT hash, person, began_at, seen_at, ends_at, browser FROM sessions WHERE hash = :hash;

-- name: renew_session
UPDATE sessions SET seen_at = :seen_at WHERE hash = :hash;

-- name: end_session
DELETE FROM sessions WHERE hash = :hash RETURNING 1;

-- name: live_sessions
SELECT hash, person, began_at, seen_at, ends_at, browser FROM sessions
WHERE ends_at > :now ORDER BY began_at DESC, hash DESC;

-- name: purge_acts
DELETE FROM acts WHERE at <= :forgotten;

-- name: acts
SELECT seq, at, by, deed, submission, detail FROM acts WHERE seq < :before ORDER BY seq DESC LIMIT :limit;

-- name: purge_notices
-- Some that were kept for long enough; the rest goes next time.
DELETE FROM notices WHERE place IN (SELECT place FROM notices WHERE made_at <= :forgotten ORDER BY made_at LIMIT 500);

-- name: due_notices
SELECT place, notice, due_at, tries FROM notices WHERE webhook = :webhook AND due_at <= :now
ORDER BY due_at, place LIMIT :limit;

-- name: lease_notice
UPDATE notices SET due_at = :until, token = :token WHERE id = :id;

-- name: finish_notice
UPDATE notices SET due_at = :due_at, token = NULL, tries = :tries WHERE id = :id AND token = :token;

-- name: redeliver_notice
UPDATE notices SET due_at = :now, token = NULL WHERE id = :id;

-- name: end_notice_leases
UPDATE notices SET due_at = made_at, token = NULL WHERE token IS NOT NULL;

-- name: next_notice
SELECT min(due_at) FROM notices WHERE webhook = :webhook AND due_at IS NOT NULL;

-- name: notice
SELECT place, notice, due_at, tries FROM notices WHERE id = :id;

-- name: notices
SELECT place, notice, due_at, tries FROM notices WHERE webhook = :webhook AND place < :before
ORDER BY place DESC LIMIT :limit;

-- name: teach
INSERT OR REPLACE INTO lessons VALUES (:id, :taught_at, :lesson);

-- name: purge_lessons
DELETE FROM lessons WHERE (taught_at, id) <= (
  SELECT taught_at, id FROM lessons ORDER BY taught_at DESC, id DESC LIMIT 1 OFFSET :most);

-- name: lessons
SELECT lesson FROM lessons ORDER BY taught_at DESC, id DESC LIMIT :most;

-- name: forget_lessons
DELETE FROM lessons;

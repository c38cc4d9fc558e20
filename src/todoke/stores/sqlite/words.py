"""The index of words in SQLite (FTS5): what a submission's row in it is, and the question that finds the rows.

A word is a term. A run (model/search.py) becomes overlapping pairs of characters, its last character a term of its own,
so each character begins a term. So the index finds all that the rule finds, and of a longer run sometimes more: whoever
asks applies the rule to what was found. The form and the mailboxes that a submission concerns are terms as well, which
no text can hold: so a question about words of one form is one walk along the index, newest first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import apsw

from todoke.model.address import mailbox_key
from todoke.model.message import Message, Role
from todoke.model.search import LONGEST, Terms, asked_for, terms_of
from todoke.model.submission import Submission
from todoke.ports.archive import Query
from todoke.stores.rules.query import Secrets, terms
from todoke.stores.sqlite.rows import SQL, insert_rows

PREFIX = 3
"""Beginnings of so many letters have an index of their own (schema_6.sql), which is read as far as it is needed. Of a
longer one FTS5 reads all there is before it answers: a third of a second for a word in half of a million."""
FORM, MAILBOX = ":f", ":a"
"""What the terms of forms and mailboxes begin with; ":" is in no other."""


def index_text(
    submission: Submission, own: Iterable[str], mailboxes: Iterable[str], secrets: Secrets
) -> str:
    """The row of a submission of who has the addresses `own`, that concerns the mailboxes of these keys."""
    index = _index_terms(terms(submission, own, secrets))
    index.add(_named(FORM, submission.form))
    index.update(_named(MAILBOX, key) for key in mailboxes)
    return " ".join(sorted(index))


def question(query: Query, *, most: int = LONGEST) -> str | None:
    """The expression of FTS5 that finds whatever meets `query.words`, its form, scope and address; None for nothing.

    Of each word `most` letters are asked for: with PREFIX it finds more than is meant, and never reads ahead.
    """
    asked = asked_for(query.words)
    if not asked:
        return None
    conditions = [*_conditions(asked, most)]
    if query.form:
        conditions.append(_quoted(_named(FORM, query.form)))
    if query.address:
        conditions.append(_quoted(_named(MAILBOX, mailbox_key(query.address))))
    if query.scope is not None:
        names = [_named(FORM, form) for form in sorted(query.scope.forms)]
        if query.scope.mailbox:
            names.append(_named(MAILBOX, mailbox_key(query.scope.mailbox)))
        if not names:
            return None
        conditions.append(f"({' OR '.join(map(_quoted, names))})")
    return " AND ".join(conditions)


def is_exact(query: Query) -> bool:
    """Whether the index finds nothing that the rule would not find."""
    return all(len(run) <= 2 for run in asked_for(query.words).runs)


def put(connection: apsw.Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Index submissions, by their seqs."""
    insert_rows(connection, "words (rowid, terms)", rows)


def join(connection: apsw.Connection, seq: int, message: Message) -> None:
    """Let a submission be found by the recipient of one of its messages too. One that is not indexed yet will be."""
    known = connection.execute(SQL["words_of"], {"seq": seq}).get
    if known is None:
        return
    new = {_named(MAILBOX, mailbox_key(message.recipient))}
    if message.role is Role.CONFIRMATION:
        new |= _index_terms(terms_of([message.recipient]))
    before = set(known.split())
    if not new <= before:
        values = {"seq": seq, "terms": " ".join(sorted(before | new))}
        connection.execute(SQL["update_words"], values)


def forget(connection: apsw.Connection, seqs: str) -> None:
    """Take submissions (a JSON list of seqs) out of the index, their terms with them."""
    for name in ("delete_words", "delete_unindexed"):
        connection.execute(SQL[name], {"seqs": seqs})


def holds(row: str, asked: Terms) -> bool:
    """Whether a row of the index has all that `question` asks for."""
    row = f" {row} "
    return all(f" {word}" in row for word in asked.words) and all(
        f" {pair} " in row if len(pair) == 2 else f" {pair}" in row
        for run in asked.runs
        for pair in _pairs(run)
    )


def _conditions(asked: Terms, most: int) -> Iterator[str]:
    for word in sorted({word[:most] for word in asked.words}):
        yield f"{_quoted(word)} *"
    for run in sorted(asked.runs):
        if len(run) == 1:
            yield f"{_quoted(run)} *"
        else:
            yield from map(_quoted, _pairs(run))


def _pairs(run: str) -> Iterator[str]:
    """The pairs of characters that a run is asked for by; itself where it is one character."""
    return (run[at : at + 2] for at in range(max(1, len(run) - 1)))


def _index_terms(found: Terms) -> set[str]:
    return {*found.words, *(run[at : at + 2] for run in found.runs for at in range(len(run)))}


def _quoted(term: str) -> str:
    return f'"{term}"'


def _named(kind: str, name: str) -> str:
    """A term for a name: 40 bits of a hash, for a name may hold anything; who asks compares the name itself."""
    return kind + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]

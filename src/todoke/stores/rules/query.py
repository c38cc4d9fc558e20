"""Which submissions a query means: pure, and the same for every store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from todoke.model import ids
from todoke.model.address import mailbox_key, same_mailbox
from todoke.model.care import Care
from todoke.model.message import MessageTimeline, Role
from todoke.model.submission import EntryList, File, Submission
from todoke.ports.archive import Query, Scope
from todoke.stores.rules.erase import address_keys, recipients
from todoke.stores.rules.lists import (
    ATTENTION,
    DONE,
    REVIEW,
    SPAM,
    STARRED,
    UNREAD,
    lists_of,
    read_at,
    taken_on_by,
)
from todoke.stores.rules.work import Work

if TYPE_CHECKING:
    from todoke.model.search import Terms

Secrets = Callable[[str, EntryList], frozenset[str]]
"""Of a form's entries, the names of those that are secrets, which nobody can look for."""


def secrets_by_name(form: str, entries: EntryList) -> frozenset[str]:  # noqa: ARG001 - see Secrets
    """What is a secret where nothing is known but the names of controls."""
    from todoke.forms.secret import secret_names  # noqa: PLC0415 - 20 ms of a cold start, for searches alone

    return secret_names(None, entries)


def wanted_lists(query: Query) -> tuple[str, ...]:
    """The lists that a submission must be in, those first that few are in."""
    wanted = {
        taken_on_by(query.assignee): bool(query.assignee),
        REVIEW: query.review,
        SPAM: query.spam,
        STARRED: query.starred,
        ATTENTION: query.attention,
        UNREAD: query.unread,
        DONE: query.done is True,
    }
    return tuple(name for name, is_wanted in wanted.items() if is_wanted)


def counts_whole(query: Query) -> bool:
    """Whether what a query finds is counted as it changes: all, those of a form, those of a scope of forms."""
    bare = Query(scope=query.scope, form=query.form)
    is_of_forms = query.scope is None or not query.scope.mailbox
    plain = replace(query, before="", after="", limit=bare.limit, brief=bare.brief)
    return is_of_forms and plain == bare


def meets(
    query: Query, submission: Submission, works: Iterable[Work], care: Care, secrets: Secrets
) -> bool:
    """Whether a submission meets all conditions of a query."""
    works = tuple(works)
    return (
        _is_in_span(query, submission)
        and (not query.form or submission.form == query.form)
        and (query.scope is None or is_in_scope(query.scope, submission, works))
        and _is_listed(query, submission, care, works)
        and (not query.statuses or any(_has_status(query, work.timeline) for work in works))
        and (not query.address or _concerns(query.address, submission, works))
        and (not query.words or _holds(query.words, submission, works, secrets))
    )


def is_in_scope(scope: Scope, submission: Submission, works: Iterable[Work]) -> bool:
    """Whether a person with this scope may see a submission."""
    if submission.form in scope.forms:
        return True
    return bool(scope.mailbox) and any(
        work.message.role is Role.NOTIFICATION
        and same_mailbox(work.message.recipient, scope.mailbox)
        for work in works
    )


def own_addresses(submission: Submission, works: Iterable[Work]) -> frozenset[str]:
    """The addresses, as typed, of who sent a submission: the visitor's, and all that a confirmation was ever for."""
    own = recipients(work for work in works if work.message.role is Role.CONFIRMATION)
    return frozenset(address for address in (submission.visitor, *own) if address)


def terms(submission: Submission, addresses: Iterable[str], secrets: Secrets) -> Terms:
    """What a submission of who has these addresses is found by."""
    from todoke.model.search import terms_of  # noqa: PLC0415 - 5 ms of a cold start, for searches alone

    return terms_of(_texts(submission, addresses, secrets))


def _holds(words: str, submission: Submission, works: Iterable[Work], secrets: Secrets) -> bool:
    from todoke.model.search import asked_for  # noqa: PLC0415 - see terms

    return terms(submission, own_addresses(submission, works), secrets).hold(asked_for(words))


def _texts(submission: Submission, addresses: Iterable[str], secrets: Secrets) -> Iterator[str]:
    yield submission.id
    yield ids.number(submission.id)
    yield from sorted(addresses)
    hidden = secrets(submission.form, submission.entries)
    for entry in submission.entries:
        if entry.name not in hidden:
            yield entry.value.name if isinstance(entry.value, File) else entry.value


def _is_in_span(query: Query, submission: Submission) -> bool:
    received_at = submission.received_at
    return (query.received_from is None or received_at >= query.received_from) and (
        query.received_to is None or received_at < query.received_to
    )


def _is_listed(query: Query, submission: Submission, care: Care, works: tuple[Work, ...]) -> bool:
    wanted = wanted_lists(query)
    if not wanted and query.done is None:
        return True
    lists = lists_of(submission, care, works)
    return lists.issuperset(wanted) and (query.done is not False or DONE not in lists)


def _has_status(query: Query, message: MessageTimeline) -> bool:
    if query.silent_since is None:
        return message.standing.status.value in query.statuses
    return read_at(message, query.silent_since).value in query.statuses


def _concerns(address: str, submission: Submission, works: Iterable[Work]) -> bool:
    return mailbox_key(address) in address_keys(submission.visitor, recipients(works))

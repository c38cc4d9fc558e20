"""Turn an entry list into a submission and the messages it causes, or into what is wrong with it.

What `prepare` returns is one atomic write. Nothing here waits or writes, or knows how a request came.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from todoke.forms.boxes import read_boxes
from todoke.forms.managers import managers_of
from todoke.forms.pattern.pattern import Patience
from todoke.forms.suspicion.circumstances import UNKNOWN, Circumstances
from todoke.forms.validate import validate
from todoke.model import ids
from todoke.model.address import NOBODY, Address, AddressError, parse_address
from todoke.model.form import Form, Managers
from todoke.model.language import translator
from todoke.model.message import Message, Note, Role
from todoke.model.notice import Notice
from todoke.model.submission import (
    EntryList,
    FieldError,
    FieldErrors,
    RepeatKey,
    Submission,
    files,
    texts,
    without,
)
from todoke.walk.app import App
from todoke.walk.notices.cause import of_submission

ANONYMOUS_REPEAT_WINDOW = timedelta(seconds=10)
"""Without an address, equal answers may come from two people behind one router: only a double click is one."""
IDEMPOTENCY_KEY_WINDOW = timedelta(hours=24)
"""Also of what brings an upload, whose ticket lives no longer: until then one submission takes it."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request came from, and how. `remote` and `user_agent` are hashed and never stored.

    `idempotency_key` is a program's own for one request; `page_key` stands in a page, which may show it to several.
    """

    language: str
    remote: str = ""
    user_agent: str = ""
    idempotency_key: str = ""
    page_key: str = ""
    known: Circumstances = UNKNOWN


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What one accepted request comes to: everything that the one write keeps, and the receipt link's token."""

    submission: Submission
    messages: tuple[Message, ...]
    repeat: RepeatKey
    token: str
    notices: tuple[Notice, ...] = ()

    @property
    def write(self) -> tuple[Submission, tuple[Message, ...], RepeatKey, tuple[Notice, ...]]:
        """What Outbox.add is given."""
        return self.submission, self.messages, self.repeat, self.notices


def prepare(app: App, form: Form, entries: EntryList, context: Context) -> FieldErrors | Prepared:
    """Check `entries` by the form's rules and compose the outbox; no I/O.

    FieldErrors: if a rule is broken, or if the answers name nobody who would receive them.
    """
    entries = read_boxes(form, entries)
    errors = refusals(form, entries, context.language, app.patience.renewed(time.monotonic()))
    if errors:
        return errors
    managers = managers_of(form, entries)
    now = app.clock()
    visitor = _visitor(form, entries)
    repeat = _repeat_key(app, form, entries, visitor, context, now)
    submission_id = ids.submission_id(now, _place(app, visitor, repeat))
    token = ids.receipt_token(app.settings.secret, submission_id)
    submission = Submission(
        id=submission_id,
        form=form.name,
        received_at=now,
        entries=entries,
        language=context.language,
        visitor=visitor,
        token_hash=ids.receipt_hash(token),
        retain_until=now + form.retention if form.retention else None,
        signals=app.guard.signals(form, _judged(form, entries), context.known),
    )
    webhooks = {} if submission.signals else app.settings.webhooks
    return Prepared(
        submission=submission,
        messages=tuple(_messages(app, submission, managers, form.language)),
        repeat=repeat,
        token=token,
        notices=of_submission(webhooks, submission_id, form.name, now) if webhooks else (),
    )


def bounded(app: App, prepared: Prepared, network: str) -> Prepared:
    """The same; where this network asked for too many confirmations within an hour, with one that is not to be sent.

    What is kept for review asks for none. To be called in one thread.
    """
    confirms = any(message.role is Role.CONFIRMATION for message in prepared.messages)
    if not confirms or prepared.submission.signals or app.networks.take(network):
        return prepared
    messages = (
        msgspec.structs.replace(m, note=Note.OVER_RATE) if m.role is Role.CONFIRMATION else m
        for m in prepared.messages
    )
    return msgspec.structs.replace(prepared, messages=tuple(messages))


def not_stored(app: App, form: Form, prepared: Prepared) -> None:
    """Let the guard forget what was prepared and came to nothing new, or a visitor who tries again would repeat it."""
    app.guard.forget(form, _judged(form, prepared.submission.entries))


def _judged(form: Form, entries: EntryList) -> EntryList:
    """What the guard looks at: the visitor's address tells it nothing."""
    return without(entries, form.confirmation.field)


def refusals(
    form: Form, entries: EntryList, language: str, patience: Patience | None = None
) -> FieldErrors:
    """Why these answers are not taken: the rules they break, else that they name nobody who would receive them."""
    errors = validate(form, entries, language, patience)
    if errors or form.managers == Managers() or managers_of(form, entries):
        return errors
    return (_nobody_receives(form, language),)


def _nobody_receives(form: Form, language: str) -> FieldError:
    say = translator("forms", language).gettext
    if form.managers.directory:
        message = say("This address is not in the directory, so nobody would receive the form.")
    else:
        message = say("Nobody receives the form with this answer. Please choose another.")
    return FieldError(form.managers.field, "no_manager", message)


def _visitor(form: Form, entries: EntryList) -> Address:
    """The visitor's own address, NOBODY when the form asks for none or it is left empty."""
    for text in texts(entries, form.confirmation.field):
        try:
            return parse_address(text.strip())
        except AddressError:
            continue
    return NOBODY


def _messages(
    app: App, submission: Submission, managers: tuple[Address, ...], managers_language: str
) -> Iterable[Message]:
    domain = app.settings.mail.sender.address.ascii_domain
    wanted = [(Role.NOTIFICATION, address, managers_language) for address in managers]
    if submission.visitor:
        wanted.insert(0, (Role.CONFIRMATION, submission.visitor, submission.language))
    for number, (role, recipient, language) in enumerate(wanted, start=1):
        message_id = ids.message_id(submission.id, number)
        yield Message(
            id=message_id,
            submission_id=submission.id,
            role=role,
            recipient=recipient,
            language=language,
            message_id=f"<{message_id}@{domain}>",
            created_at=submission.received_at,
        )


def _repeat_key(
    app: App, form: Form, entries: EntryList, visitor: Address, context: Context, now: datetime
) -> RepeatKey:
    """Name what would be the same request again.

    With an Idempotency-Key: the key. Without: the same answers to the same form from the same place, within a
    window that is short when the answers hold no address. A page's key makes that window long, and no more: were it
    taken for a program's, a page that shows one key to everybody would lock out all visitors but the first.
    """
    fingerprint = _fingerprint(entries)
    parts: tuple[str, ...]
    if context.idempotency_key:
        window, parts = IDEMPOTENCY_KEY_WINDOW, ("key", form.name, context.idempotency_key)
    else:
        window = app.settings.repeat_window if visitor else ANONYMOUS_REPEAT_WINDOW
        parts = ("same", form.name, fingerprint, context.remote, context.user_agent)
        if context.page_key:
            window, parts = IDEMPOTENCY_KEY_WINDOW, (*parts, context.page_key)
    uploads = {file.source.key: None for _, _, file in files(entries) if file.source}
    return RepeatKey(
        key=hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest(),
        fingerprint=fingerprint,
        expires_at=now + (IDEMPOTENCY_KEY_WINDOW if uploads else window),
        of_visitor=not context.idempotency_key,
        uploads=tuple(map(upload_hash, uploads)),
    )


def upload_hash(key: str) -> str:
    """The form in which an upload's key is kept with its submission: whoever reads a store can send nothing by it."""
    return hashlib.sha256(key.encode()).hexdigest()


def fields_of(entries: EntryList, upload: str) -> tuple[str, ...]:
    """The names of the fields that bring this upload, which is one of RepeatKey.uploads."""
    brought = [(e.name, f.source) for _, e, f in files(entries)]
    return tuple(name for name, source in brought if source and upload_hash(source.key) == upload)


def _place(app: App, visitor: Address, repeat: RepeatKey) -> str:
    return ids.place(
        app.settings.secret,
        visitor=visitor.key,
        repeat_key=repeat.key,
        of_visitor=repeat.of_visitor,
    )


def _fingerprint(entries: EntryList) -> str:
    """Hash an entry list so that two lists share a fingerprint only when they are equal.

    The repr of a list of texts and bytes says where each begins and ends; it is the quickest way to say so.
    """
    stated = [
        (e.name, e.value, e.raw)
        if isinstance(e.value, str)
        else (e.name, e.value.name, e.value.digest, e.raw)
        for e in entries
    ]
    return hashlib.sha256(repr(stated).encode("utf-8", "surrogatepass")).hexdigest()

"""Turn a claimed message and its submission into a Mail: the outbox row is a recipe, cooked when it is sent.

Pure but for reading templates once. Rules that hold whatever a template says: From is the site's own; the visitor
is only ever in Reply-To, as an address without a name; recipients come from the message; of the visitor's text a
header field holds nothing but the name in a notification's subject, and a confirmation none unless the form's settings
say so (an autoresponder that repeats strangers' text is a relay for their advertising); what strangers wrote is inert.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from todoke.forms.visitor import Said, read_said
from todoke.mail.alert_words import alert_words
from todoke.mail.answers import Answers, files_note, other_language, read_answers, read_files
from todoke.mail.attach import attachment
from todoke.mail.inert import Inert, clean_line, inert_address, inert_line, is_broken
from todoke.mail.subject import subject_line
from todoke.mail.template_faults import TemplateFault
from todoke.mail.templates import Sentences, render
from todoke.mail.views import FormView, VisitorView, view_site
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.form import Form
from todoke.model.language import translator
from todoke.model.mail import Mail, Mailbox, identified
from todoke.model.message import Claim, Message, MessageTimeline, Note, Role
from todoke.model.own_url import own_url
from todoke.model.settings import Settings
from todoke.model.show import show_time
from todoke.model.submission import File, Submission

SUBJECT_LIMIT = 200
NAME_LIMIT = 60  # characters of a visitor's name in a subject
EXCERPT_LIMIT = 300  # characters of the message in an alert


def compose(
    claim: Claim,
    settings: Settings,
    about: MessageTimeline | None = None,
    contents: Mapping[int, File] = {},
) -> Mail:
    """Compose the mail of a claim. `about` is, for an alert, the message that it tells of.

    `contents` are the files that a notification carries, whole, by their positions (attach.py).
    Of a form that is no longer in the settings see Settings.form.
    """
    message, submission = claim.message, claim.submission
    form = settings.form(submission.form)
    reply_to = _reply_to(message, submission, settings)
    if message.role is not Role.NOTIFICATION:
        contents = {}
    values = _values(claim, form, settings, reply_to, about, contents)
    words = render(settings.templates, form.name, message.role.value, values)
    mail = Mail(
        message_id=message.message_id,
        token=claim.attempt.token,
        sender=settings.mail.sender,
        recipient=claim.attempt.recipient,
        reply_to=reply_to,
        subject=clean_line(words.subject, SUBJECT_LIMIT),
        text=words.text,
        html=words.html,
        date=message.created_at,
        headers=_headers(message.role, form, settings),
        attachments=tuple(attachment(f, n) for n, f in enumerate(contents.values(), start=1)),
    )
    return identified(mail)


def _headers(role: Role, form: Form, settings: Settings) -> tuple[tuple[str, str], ...]:
    """RFC 3834 5: no vacation program should answer; RFC 2919: managers can filter by List-Id."""
    answered = "auto-replied" if role is Role.CONFIRMATION else "auto-generated"
    fields = [("Auto-Submitted", answered), ("X-Auto-Response-Suppress", "All")]
    if role is Role.NOTIFICATION:
        fields.append(("List-Id", _list_id(form.name, settings.mail.sender.address)))
    return tuple(fields)


@cache
def _list_id(form: str, sender: Address) -> str:
    label = re.sub(r"[^A-Za-z0-9-]+", "-", form).strip("-")[:60] or "form"
    return f"<{label}.forms.{sender.ascii_domain}>"


def _reply_to(message: Message, submission: Submission, settings: Settings) -> Mailbox | None:
    """The visitor's address for a notification, the site's own setting for a confirmation.

    A visitor's non-ASCII local part would make the mail one that only SMTPUTF8 servers take, and the manager must
    get it: then it stands in the text alone, unless the manager's own address needs SMTPUTF8 anyway.
    """
    if message.role is Role.ALERT:
        return None
    if message.role is Role.CONFIRMATION:
        address = settings.mail.reply_to
        return Mailbox(name="", address=address) if address else None
    visitor = submission.visitor
    if not visitor.is_readable:
        return None
    if visitor.needs_smtputf8 and not message.recipient.needs_smtputf8:
        return None
    return Mailbox(name="", address=visitor)


def _values(
    claim: Claim,
    form: Form,
    settings: Settings,
    reply_to: Mailbox | None,
    about: MessageTimeline | None,
    attached: Collection[int] = (),
) -> dict[str, Any]:
    """Everything templates see; docs/mail.md lists it. A confirmation's holds no answers unless the form says so."""
    message, submission = claim.message, claim.submission
    language = message.language
    for_manager = message.role is not Role.CONFIRMATION
    shows = _shows_answers(claim, form)
    said = read_said(form, submission.entries) if shows or for_manager else Said()
    answers = read_answers(submission, form, said, language) if shows else Answers()
    entries = submission.entries if for_manager else ()
    files, more_files = read_files(entries, attached, language)
    visitor = _visitor(claim, said, about) if for_manager else VisitorView()
    zone = settings.site.time_zone
    alert = (
        alert_words(message.note, about, language, zone, visitor.telephone)
        if message.role is Role.ALERT
        else None
    )
    texts = [visitor.message, alert.answer if alert else "", *(f.name for f in files)]
    texts += [part for answer in answers.views for part in (answer.label, answer.text)]
    return {
        "t": _translate(language),
        "language": language,
        "site": view_site(settings.site),
        "form": FormView(
            name=form.name,
            title=form.shown,
            page_url=form.page_url,
            subject=form.confirmation.subject,
            lang=other_language(form, language),
        ),
        "subject": _subject(claim, form, visitor, settings),
        "id": submission.id,
        "number": ids.number(submission.id),
        "ordinal": claim.ordinal or "",
        "received": show_time(submission.received_at, zone, language),
        "answers": answers.views,
        "lead": answers.lead,
        "rest": answers.rest,
        "more_answers": answers.more,
        "files": files,
        "more_files": more_files,
        "files_note": files_note(files, more_files, language),
        "visitor": visitor,
        "signals": inert_line(", ".join(submission.signals)) if for_manager else "",
        "reply_to": inert_address(reply_to.address) if reply_to else "",
        "desk_url": desk_url(settings, submission.id) if for_manager else "",
        "receipt_url": _receipt_url(claim, form, settings),
        "disown_url": "" if for_manager else _disown_url(claim, settings),
        "alert": alert,
        "has_broken": any(map(is_broken, texts)),
    }


def _visitor(claim: Claim, said: Said, about: MessageTimeline | None) -> VisitorView:
    """Who wrote, for a notification's subject and for whoever an alert asks to act; of a silent service nobody.

    An alert names the address unless it is the confirmation's, of which it speaks anyway.
    """
    message, submission = claim.message, claim.submission
    if message.note is Note.SILENT:
        return VisitorView()
    told = about is not None and about.message.role is Role.CONFIRMATION
    return VisitorView(
        name=inert_line(said.name, NAME_LIMIT),
        telephone=inert_line(said.telephone, NAME_LIMIT),
        address=Inert("") if told else inert_address(submission.visitor),
        topic=inert_line(said.topic, NAME_LIMIT),
        message=inert_line(said.message, EXCERPT_LIMIT),
    )


def _shows_answers(claim: Claim, form: Form) -> bool:
    """Whether a mail repeats the answers. A confirmation does so only to the address that came with them.

    An address that was given later came from whoever holds the receipt link, and need not be the visitor's.
    """
    if claim.message.role is not Role.CONFIRMATION:
        return claim.message.role is Role.NOTIFICATION
    same = claim.attempt.recipient.key == claim.submission.visitor.key
    return same and form.confirmation.include_answers


def _subject(claim: Claim, form: Form, visitor: VisitorView, settings: Settings) -> str:
    """That of a notification, by the form's template or ours; the templates of others have theirs."""
    if claim.message.role is not Role.NOTIFICATION:
        return ""
    say = translator("mail", claim.message.language).gettext
    template = form.subject or say("{form} {number}: {name}, {topic}, {message} ({reference})")
    own = {
        "site": settings.site.name,
        "reference": ids.number(claim.submission.id),
        "number": str(claim.ordinal or ""),
    }
    return subject_line(template, form, claim.submission.entries, visitor, own)


def _receipt_url(claim: Claim, form: Form, settings: Settings) -> str:
    """The receipt, for the visitor alone and where the form's settings say so; else ""."""
    is_wanted = claim.message.role is Role.CONFIRMATION and form.confirmation.receipt_link
    if not is_wanted or not settings.site.door_url:
        return ""
    token = ids.receipt_token(settings.secret, claim.submission.id)
    return own_url(settings.site.door_url, f"/s/{token}")


def _disown_url(claim: Claim, settings: Settings) -> str:
    """Where whoever reads a confirmation says that they asked for none; "" when the door's own address is not set."""
    mailbox = claim.attempt.recipient.key
    token = ids.disown_token(settings.secret, claim.submission.id, mailbox)
    door = settings.site.door_url
    return own_url(door, f"/s/{token}/not-me") if door else ""


def desk_url(settings: Settings, submission_id: str) -> str:
    """Where a manager reads this submission, or "" when the door's own address is not set."""
    door = settings.site.door_url
    return own_url(door, f"/desk/{submission_id}") if door else ""


@cache
def _translate(language: str) -> Sentences:
    return Sentences(translator("mail", language).gettext)


def check_templates(folder: Path, settings: Settings) -> tuple[TemplateFault, ...]:
    """Say what is wrong with the owner's templates in `folder`, each rendered with made-up values; () if nothing is."""
    from todoke.mail.samples import sample_claims  # noqa: PLC0415 - only checks need them
    from todoke.mail.template_faults import fault_of, file_faults  # noqa: PLC0415
    from todoke.mail.templates import OURS, environment_of, render_strictly  # noqa: PLC0415

    faults = list(file_faults(folder, tuple(settings.forms), environment_of(folder)))
    unread = {fault.file for fault in faults if fault.fails}
    for claim, about in sample_claims(settings):
        form = settings.forms[claim.submission.form]
        reply_to = _reply_to(claim.message, claim.submission, settings)
        values = _values(claim, form, settings, reply_to, about)
        try:
            render_strictly(folder, form.name, claim.message.role.value, values)
        except Exception as error:  # noqa: BLE001 - templates may fail in any way; that is what is asked here
            if not (unread and isinstance(error, UnicodeDecodeError)):
                faults.append(fault_of(error, OURS, values))
    return tuple(dict.fromkeys(faults))

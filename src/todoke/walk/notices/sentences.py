"""What a notice says to people: a title, and what happened, what is known of it and what to do. Pure.

It names submissions by their references and leads to the desk, which knows whom it may show more. No answer and no
address goes into somebody's chat.
"""

from __future__ import annotations

from todoke.model import ids
from todoke.model.delivery import Reading, Reason
from todoke.model.language import N_
from todoke.model.message import Role
from todoke.model.notice import MailNews, Notice, NoticeType
from todoke.model.own_url import own_url
from todoke.model.settings import Settings
from todoke.report.attention import to_do_words
from todoke.report.status import form_title
from todoke.report.words import desk_title, desk_words, reason_words, say

_TITLES = {
    NoticeType.ACCEPTED: N_("%(form)s: a new submission"),
    NoticeType.DELIVERED: N_("%(form)s: a mail was delivered"),
    NoticeType.FAILED: N_("%(form)s: a mail did not arrive"),
    NoticeType.PAUSED: N_("%(form)s: confirmations pause"),
    NoticeType.RESTS: N_("All mail waits"),
    NoticeType.WORKS: N_("Mail leaves again"),
    NoticeType.TEST: N_("todoke can reach you here"),
}
_TEXTS = {
    NoticeType.ACCEPTED: N_("It is stored, and its mails are on their way."),
    NoticeType.PAUSED: N_(
        "Too many came back or were unwanted, so no more are sent for now. Submissions are stored as ever, "
        "and managers are told of them."
    ),
    NoticeType.RESTS: N_(
        "The mail service takes nothing. Nothing is lost: forms are stored as ever, and their mails leave by "
        "themselves when it is back. Until then no mail tells that something came in: look at the desk, and at the "
        "account of the mail service."
    ),
    NoticeType.WORKS: N_("The mail service is back. What waited leaves now."),
    NoticeType.TEST: N_("This is a test. Nothing happened."),
}


def sentences(notice: Notice, settings: Settings, language: str) -> tuple[str, str]:
    """The title, and the text: sentences, then where to look, each on a line."""
    site = settings.site.name
    form = form_title(notice.form, settings)
    title = say(_TITLES[notice.type], language).replace("%(form)s", form)
    lines = [say(_TEXTS.get(notice.type, ""), language)]
    if notice.message:
        lines += _of_mail(notice.message, language)
    if notice.type is NoticeType.RESTS:
        lines.append(reason_words(_reason(notice.reason), language))
    lines.append(_where(notice, settings, language))
    return f"{site} - {title}" if site else title, "\n".join(filter(None, lines))


def _of_mail(told: MailNews, language: str) -> list[str]:
    """Which mail, what became of it, why, and what to do."""
    role, reason = Role(told.role), _reason(told.reason)
    words = desk_words(Reading(told.status), language)
    lines = [f"{desk_title(role, language)}: {words.label}", words.text]
    if words_of_reason := reason_words(reason, language):
        lines.append(words_of_reason)
    if Reading(told.status).is_failure:
        lines.append(to_do_words(reason, is_ours=role is not Role.CONFIRMATION, language=language))
    return lines


def _reason(word: str) -> Reason | None:
    return Reason(word) if word in set(Reason) else None


def _where(notice: Notice, settings: Settings, language: str) -> str:
    door = settings.site.door_url
    url = own_url(door, f"/desk/{notice.submission_id or 'attention'}") if door else ""
    if not notice.submission_id:
        return url
    number = say(N_("Reference"), language) + ": " + ids.number(notice.submission_id)
    return f"{number}\n{url}" if url else number

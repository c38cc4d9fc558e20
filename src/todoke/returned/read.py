"""The one way in: a mail that came back becomes what it says of each recipient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from todoke.model.delivery import Permanence
from todoke.returned import unformatted
from todoke.returned.automatic import is_automatic
from todoke.returned.diagnose import WordsRead, diagnose
from todoke.returned.dsn import DeliveryStatus, Stated, delivery_status_in
from todoke.returned.entity import Entity, parse
from todoke.returned.feedback import Feedback, feedback_in
from todoke.returned.mailbox import addresses_in, has_domain, unlike
from todoke.returned.original import Original, original_in
from todoke.returned.receipt import Receipt, receipt_in
from todoke.returned.report_text import ReportText, report_text_of
from todoke.returned.returned import Returned, ReturnKind
from todoke.returned.system import is_from_a_system, tells_of_failure
from todoke.returned.unformatted import Passage, passages_in


def read(raw: bytes) -> Sequence[Returned]:
    """What a mail says: a value for each recipient, one at least. Raises MalformedMail: it has no header at all.

    Whatever is not certain is `ordinary`, and no failure is `hard` unless codes and words say it together. Nothing
    that an honest mail quotes, passes on or answers counts, nor does the return of a report.
    """
    return _read(parse(raw))


def _read(mail: Entity, depth: int = 0) -> Sequence[Returned]:
    report = report_text_of(mail)
    original = original_in(mail, report.rest)
    about = Returned(
        ReturnKind.ORDINARY, message_id=original.message_id, at=_moment(mail.first("date"))
    )
    receipt = receipt_in(mail)
    if receipt is not None:
        return [_of_receipt(receipt, about)]
    feedback = feedback_in(mail)
    if feedback is not None:
        return list(_of_feedback(feedback, about, original))
    if original.is_report:
        return _of_carried(mail, report, depth) or [about]
    return _of_report(mail, report, original, about) or [
        replace(about, kind=ReturnKind.AUTOMATIC_REPLY, recipient=_author(mail))
        if is_automatic(mail)
        else about
    ]


def _of_receipt(receipt: Receipt, about: Returned) -> Returned:
    return replace(
        about,
        kind=ReturnKind.READ_RECEIPT,
        recipient=receipt.recipient,
        diagnostic=receipt.disposition,
        message_id=receipt.message_id or about.message_id,
    )


def _of_feedback(feedback: Feedback, about: Returned, original: Original) -> Iterator[Returned]:
    kind = ReturnKind.COMPLAINT if feedback.is_complaint else ReturnKind.ORDINARY
    for recipient in feedback.recipients or original.recipients[:1] or ("",):
        yield replace(
            about,
            kind=kind,
            recipient=recipient,
            feedback_type=feedback.type,
            reporting_mta=feedback.reporting_mta,
            envelope_id=feedback.envelope_id,
        )


def _of_carried(mail: Entity, report: ReportText, depth: int) -> Sequence[Returned]:
    """A report that a gateway put whole into a mail of its own, with no word of its own beside it."""
    leaves = list(mail.leaves())
    is_alone = not report.text.strip() and sum(x.type == "message/rfc822" for x in leaves) == 1
    if depth or not is_alone or not is_from_a_system(mail) or delivery_status_in(mail):
        return []
    inner = next(leaf for leaf in leaves if leaf.type == "message/rfc822")
    return _read(parse(inner.data), depth + 1) if inner.data.strip() else []


def _of_report(
    mail: Entity, report: ReportText, original: Original, about: Returned
) -> Sequence[Returned]:
    status = delivery_status_in(mail)
    is_report = status is not None and mail.type == "multipart/report"
    if not is_report and not is_from_a_system(mail, returns=original.entity is not None):
        return []
    if status is not None:
        about = replace(about, reporting_mta=status.reporting_mta, envelope_id=status.envelope_id)
        if status.recipients:
            return [_of_stated(one, status, report, about) for one in status.recipients]
    return _of_words(mail, report, original, about)


def _of_stated(
    stated: Stated, status: DeliveryStatus, report: ReportText, about: Returned
) -> Returned:
    names = [one.final_recipient for one in status.recipients] + [
        one.recipient for one in status.recipients
    ]
    found = unformatted.found_in(report.lines, names)
    words = [
        unformatted.words_about(report.lines, name, found)
        for name in unlike((stated.final_recipient, stated.recipient), ())
        if name
    ]
    if len(status.recipients) == 1:
        words.append(report.text)
    finding = diagnose(stated.diagnostic, stated.status_code, words)
    return _told(
        replace(about, recipient=stated.recipient, final_recipient=stated.final_recipient),
        finding,
        stated.action,
    )


def _of_words(
    mail: Entity, report: ReportText, original: Original, about: Returned
) -> Sequence[Returned]:
    subject = mail.first("subject")
    named = addresses_in(mail.first("x-failed-recipients"))
    if not (named or unformatted.FAILURE.search(report.text) or tells_of_failure(mail)):
        return []
    is_delayed = _tells_of_delay(subject, report.text)
    passages = _passages(mail, report, original, named)
    return [
        _told(
            replace(about, recipient=passage.recipient),
            _of_passage(passage, report, is_only=len(passages) == 1),
            ReturnKind.DELAYED if is_delayed else None,
        )
        for passage in passages
    ]


def _passages(
    mail: Entity, report: ReportText, original: Original, named: list[str]
) -> list[Passage]:
    ours = [
        name
        for field in ("to", "from", "reply-to", "delivered-to", "cc")
        for name in addresses_in(mail.first(field))
    ]
    passages = passages_in(report.lines, [*ours, original.sender], named)
    if passages:
        return passages
    domain = next(iter(addresses_in(mail.first("from"))), "").partition("@")[2]
    names = (
        [f"{name}@{domain}" for name in unformatted.local_parts_in(report.lines)]
        or unlike(addresses_in(mail.first("subject")), ours)
        or original.recipients[:1]
    )
    return [Passage(name, report.text) for name in names if has_domain(name)]


def _of_passage(passage: Passage, report: ReportText, *, is_only: bool) -> WordsRead:
    finding = diagnose(passage.words, more=[report.text])
    if is_only or finding.diagnosis.permanence is not Permanence.HARD:
        return finding
    if diagnose(passage.words).diagnosis.permanence is Permanence.HARD:
        return finding
    # Words about one of several recipients, and nobody knows which.
    return replace(finding, diagnosis=replace(finding.diagnosis, permanence=Permanence.SOFT))


def _tells_of_delay(subject: str, text: str) -> bool:
    told = f"{subject}\n{text}"
    return bool(unformatted.DELAY.search(told)) and not unformatted.GIVEN_UP.search(told)


def _told(about: Returned, finding: WordsRead, action: ReturnKind | None) -> Returned:
    kind = action or finding.failure
    is_bad = kind.is_failure or kind is ReturnKind.DELAYED
    permanence = finding.diagnosis.permanence if kind.is_failure else Permanence.NONE
    return replace(
        about,
        kind=kind,
        permanence=permanence,
        reason=finding.diagnosis.reason if is_bad else None,
        status_code=finding.status_code,
        reply_code=finding.reply_code,
        diagnostic=finding.diagnostic,
    )


def _author(mail: Entity) -> str:
    return next(iter(addresses_in(mail.first("from"))), "")


def _moment(text: str) -> datetime | None:
    """A Date field in UTC, None where it is none or is centuries away."""
    try:
        found = parsedate_to_datetime(text[:100])
        at = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if 1970 <= at.year < 2200 else None

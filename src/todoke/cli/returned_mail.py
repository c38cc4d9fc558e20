"""One returned mail, explained: what it is, whom it is about, what that means and what to do."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from todoke.cli.output import clean_line, print_json, print_line, print_notice, style
from todoke.model.delivery import Reason
from todoke.model.errors import MalformedMail
from todoke.model.show import rfc3339
from todoke.returned.entity import LONGEST
from todoke.returned.read import read
from todoke.returned.returned import Returned, ReturnKind

WHAT: Mapping[ReturnKind, str] = {
    ReturnKind.HARD: "Not delivered, and the address is dead.",
    ReturnKind.SOFT: "Not delivered. The address may work again.",
    ReturnKind.BLOCKED: "Not delivered: the sender or the mail was not wanted. The address is as good as before.",
    ReturnKind.DELAYED: "Not delivered yet. The server that reports it goes on trying.",
    ReturnKind.DELIVERED: "Delivered.",
    ReturnKind.RELAYED: "Passed on to a server that sends no reports. Whether it arrived is not known.",
    ReturnKind.EXPANDED: "Passed on to the members of a list. Whether it reached each of them is not known.",
    ReturnKind.COMPLAINT: "A complaint: the recipient called the mail unwanted. It did arrive.",
    ReturnKind.AUTOMATIC_REPLY: "An automatic reply, from a vacation program for instance. The mail did arrive.",
    ReturnKind.READ_RECEIPT: "A receipt of the recipient's mail program.",
    ReturnKind.ORDINARY: "No report about a mail: an ordinary mail, or nothing that is certain.",
}
_DO: Mapping[ReturnKind, str] = {
    ReturnKind.HARD: "Ask the person for another address, and send nothing more to this one.",
    ReturnKind.SOFT: "Wait, or try again later; after several such returns ask for another address.",
    ReturnKind.BLOCKED: "Mend what the words below name (authentication, reputation, content), then send again.",
    ReturnKind.DELAYED: "Nothing: another report follows if it cannot be delivered.",
    ReturnKind.COMPLAINT: "Send nothing more to this address unless the person asks for it.",
    ReturnKind.AUTOMATIC_REPLY: "Nothing. Do not answer it.",
    ReturnKind.ORDINARY: "Read it, if it is for you; it changes nothing.",
}
_WHY: Mapping[Reason, str] = {
    Reason.UNKNOWN_ADDRESS: "there is no such mailbox",
    Reason.UNKNOWN_HOST: "the domain does not exist or takes no mail",
    Reason.MAILBOX_FULL: "the mailbox is full",
    Reason.TOO_LARGE: "the mail is too large",
    Reason.POLICY: "a policy of the other side",
    Reason.CONTENT: "the content of the mail",
    Reason.TIMED_OUT: "the other server did not answer in time",
    Reason.FORWARDING: "a fault in forwarding",
    Reason.MISCONFIGURED: "the sender's set-up: authentication, DNS or permission",
    Reason.OTHER: "none that is known",
}


def explain(name: str, *, as_json: bool) -> int:
    """Print what one file says; 1 when it could not be read, or is no mail."""
    try:
        raw = _bytes_of(name)
        said = read(raw)
    except (OSError, MalformedMail) as error:
        print_notice(f"{name}: {getattr(error, 'strerror', None) or error}")
        return 1
    for one, recipients in _shared(said):
        if as_json:
            print_json(_row(name, one, recipients))
        else:
            _print(name, one, recipients)
    return 0


def _bytes_of(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(LONGEST)
    with Path(name).open("rb") as file:
        return file.read(LONGEST)


def _shared(said: Sequence[Returned]) -> list[tuple[Returned, list[str]]]:
    """What is said, each with the recipients of whom the same is said."""
    shared: dict[Returned, list[str]] = {}
    for one in said:
        names = shared.setdefault(replace(one, recipient="", final_recipient=""), [])
        names.extend([one.recipient] if one.recipient else [])
    return list(shared.items())


def _row(name: str, one: Returned, recipients: list[str]) -> dict[str, object]:
    return {
        "file": name,
        "kind": one.kind.value,
        "recipients": recipients,
        "permanence": one.permanence.value,
        "reason": one.reason.value if one.reason else None,
        "status_code": one.status_code,
        "reply_code": one.reply_code,
        "diagnostic": one.diagnostic,
        "feedback_type": one.feedback_type,
        "reporting_mta": one.reporting_mta,
        "envelope_id": one.envelope_id,
        "message_id": one.message_id,
        "at": rfc3339(one.at) if one.at else None,
    }


def _print(name: str, one: Returned, recipients: list[str]) -> None:
    print_line(f"{style(name, 'bold')}: {_what(one)}")
    facts = {
        "about": ", ".join(recipients),
        "why": _WHY.get(one.reason, one.reason.value) if one.reason else "",
        "do": _DO.get(one.kind, ""),
        "code": " ".join(filter(None, (one.reply_code, one.status_code))),
        "words": one.diagnostic,
        "reported by": one.reporting_mta,
        "original": one.message_id,
        "envelope id": one.envelope_id,
        "at": rfc3339(one.at) if one.at else "",
    }
    for label, fact in facts.items():
        if fact:
            print_line(f"  {label:<12}{clean_line(fact)}")


def _what(one: Returned) -> str:
    if one.kind is ReturnKind.ORDINARY and one.feedback_type:
        return f"A feedback report of the type {clean_line(one.feedback_type)}: no complaint."
    if one.kind is ReturnKind.COMPLAINT and one.feedback_type.startswith("opt-out"):
        return "The recipient wants no more such mails. This one did arrive."
    return WHAT[one.kind]

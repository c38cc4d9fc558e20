"""Delivery status notifications (RFC 3464, RFC 6533): what the machine-readable part says of each recipient."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from todoke.model.smtp_codes import find_status_code
from todoke.returned.entity import Entity
from todoke.returned.mailbox import from_xtext, has_domain, original_recipient, stated_recipient
from todoke.returned.returned import ReturnKind
from todoke.returned.text import on_one_line

TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
MOST_RECIPIENTS = 200
MOST_LINES = 5_000
_ABOUT_ONE = frozenset({"final-recipient", "original-recipient", "action", "status"})
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t]*(.*)")
_TYPED = re.compile(r"\A[A-Za-z0-9_.-]{1,40}[ \t]*;[ \t]*")
_WORDS_IN_STATUS = re.compile(r"\A[45]\d\d\b|\(")

ACTIONS: Mapping[str, ReturnKind | None] = {
    "fail": None,
    "error": None,
    "delay": ReturnKind.DELAYED,
    "deliver": ReturnKind.DELIVERED,
    "relay": ReturnKind.RELAYED,
    "expand": ReturnKind.EXPANDED,
}
"""How an Action begins, and what it is; None: a failure, whose kind codes and words say."""


@dataclass(frozen=True, slots=True)
class Stated:
    """The fields about one recipient."""

    recipient: str
    final_recipient: str
    action: ReturnKind | None
    """None: a failure."""
    status_code: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """A machine-readable part."""

    reporting_mta: str
    envelope_id: str
    recipients: tuple[Stated, ...]


def delivery_status_in(mail: Entity) -> DeliveryStatus | None:
    """The first machine-readable part of a mail, None without one. A mail inside the mail is not looked into."""
    leaf = next((leaf for leaf in mail.leaves() if leaf.type in TYPES), None)
    return read_status(leaf.text) if leaf else None


def read_status(text: str) -> DeliveryStatus:
    """Read the fields; those of several recipients are told apart by empty lines, and where a field comes again."""
    groups = _groups(text)
    about_all = {} if _ABOUT_ONE & set(groups[0]) else groups[0]
    about_all = {
        **{k: v for group in groups for k, v in group.items() if k not in _ABOUT_ONE},
        **about_all,
    }
    read = [_stated(group) for group in groups if _ABOUT_ONE & set(group)]
    return DeliveryStatus(
        reporting_mta=on_one_line(_TYPED.sub("", about_all.get("reporting-mta", "")))[:255],
        envelope_id=from_xtext(on_one_line(about_all.get("original-envelope-id", "")))[:200],
        recipients=tuple(one for one in read if one is not None)[:MOST_RECIPIENTS],
    )


def _groups(text: str) -> list[dict[str, str]]:
    groups: list[dict[str, str]] = [{}]
    last = ""
    for line in text.splitlines()[:MOST_LINES]:
        found = _FIELD.match(line)
        if not line.strip():
            groups.append({})
            last = ""
        elif found and not line[0].isspace():
            last = found[1].lower()
            if last in groups[-1] and last in {"final-recipient", "original-recipient"}:
                groups.append({})
            groups[-1].setdefault(last, found[2])
        elif last and line[0].isspace():
            groups[-1][last] = f"{groups[-1][last]} {line.strip()}"[:4_000]
    return [group for group in groups if group] or [{}]


def _stated(group: Mapping[str, str]) -> Stated | None:
    final = stated_recipient(group.get("final-recipient", ""))
    original = original_recipient(group.get("original-recipient", ""))
    if not final and not original:
        return None
    status = group.get("status", "")
    action = group.get("action", "").strip().lower()
    known = next((kind for begins, kind in ACTIONS.items() if action.startswith(begins)), None)
    is_known = any(action.startswith(begins) for begins in ACTIONS)
    diagnostic = on_one_line(_TYPED.sub("", group.get("diagnostic-code", "")))
    return Stated(
        recipient=original if has_domain(original) else final,
        final_recipient=final,
        action=known if is_known else _by_class(find_status_code(status)),
        status_code=find_status_code(status),
        # Some write the words, or the reply code, into Status.
        diagnostic=diagnostic or (on_one_line(status) if _WORDS_IN_STATUS.search(status) else ""),
    )


def _by_class(status_code: str) -> ReturnKind | None:
    """What happened by the class of the code (RFC 3463 3.1), where Action does not say."""
    by_class = {"2": ReturnKind.DELIVERED, "4": ReturnKind.DELAYED}
    return by_class.get(status_code[:1])

"""What to tell the site owner of a field: what browsers ignore of its rules, and what the server cannot enforce."""

from __future__ import annotations

import re

from todoke.forms.control_kind import TRAITS
from todoke.forms.number import valid_number
from todoke.forms.pattern.pattern import pattern_fault
from todoke.model.form import Field


def scriptless_warning(name: str) -> str:
    """Of a required control for visitors without JavaScript."""
    return f'"{name}" is not required here: it stands in <noscript>, which most visitors are not shown.'


def settled_warning(name: str) -> str:
    """Of a required list that begins with a disabled option which counts as an answer."""
    said = "its disabled option is chosen at first, and browsers take that for an answer"
    return (
        f'"{name}" is not required here: {said}. Write <option value="" disabled selected> first.'
    )


def accept_warnings(name: str, accept: tuple[str, ...], ignored: tuple[str, ...]) -> list[str]:
    """Of tokens that say nothing; `accept` are those that do."""
    if not ignored:
        return []
    said = ", ".join(f'"{token}"' for token in ignored)
    left = "" if accept else " So any file is taken."
    meant = ", ".join(dict.fromkeys(m for token in ignored for m in _meant_by(token)))
    write = meant or ".jpg, image/jpeg or image/*, with commas between"
    return [f'The accept of "{name}" has {said}, which browsers ignore: write {write}.{left}']


def _meant_by(token: str) -> list[str]:
    """What a token that says nothing may mean: `pdf`, `*.pdf`, `image`, `.doc .docx`, `image/*;capture=camera`."""
    found = []
    for word in token.partition(";")[0].split():
        bare = word.lstrip("*.")
        if "/" in word:
            found.append(word)
        elif bare in ("image", "audio", "video"):
            found.append(f"{bare}/*")
        elif re.fullmatch(r"\w{1,8}", bare):
            found.append(f".{bare}")
    return found


def rule_warnings(field: Field) -> list[str]:
    """Of rules that are ignored, or that nothing can meet."""
    warnings = []
    fault = pattern_fault(field.pattern) if field.pattern else ""
    if fault:
        warnings.append(
            f'The pattern of "{field.name}" is not enforced, by browsers neither if they find it invalid: {fault}.'
        )
    if len(field.pattern) > 2 and field.pattern[0] == field.pattern[-1] == "/":
        warnings.append(
            f'The pattern of "{field.name}" stands between slashes, which would have to be typed, too: leave them out.'
        )
    scale = TRAITS[field.kind].scale
    for name in ("min", "max"):
        text = getattr(field, name)
        if scale and text and scale.number(text) is None:
            warnings.append(
                f'The {name} of "{field.name}" is ignored: "{text}" is not a {field.kind}.'
            )
    step = valid_number(field.step)
    if field.step and field.step.lower() != "any" and (step is None or step <= 0):
        warnings.append(
            f'The step of "{field.name}" is ignored: "{field.step}" is not a number above 0.'
        )
    return warnings

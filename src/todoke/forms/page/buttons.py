"""What a form's buttons send beside its fields (WHATWG HTML 4.10.21.4), and which of them ask for no validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode


def read_unchecked(controls: list[LexborNode]) -> tuple[tuple[str, str | None], ...]:
    """Name and value of each submit button with `formnovalidate`; one without a name cannot be told from others."""
    return tuple(
        (name, _value(button))
        for button in _unchecked(controls)
        if (name := button.attributes.get("name"))
    )


def nameless_warnings(controls: list[LexborNode]) -> list[str]:
    """Of buttons with `formnovalidate` that cannot be known from what they send."""
    if all(button.attributes.get("name") for button in _unchecked(controls)):
        return []
    return [
        "A button with formnovalidate has no name, so what it sends is held to the rules: name it."
    ]


def _unchecked(controls: list[LexborNode]) -> list[LexborNode]:
    return [c for c in controls if "formnovalidate" in c.attributes and is_submit(c)]


def point_names(controls: list[LexborNode]) -> frozenset[str]:
    """The names under which image buttons send where they were pressed."""
    images = [c for c in controls if is_image(c)]
    prefixes = [f"{name}." if (name := c.attributes.get("name")) else "" for c in images]
    return frozenset(prefix + axis for prefix in prefixes for axis in "xy")


def is_submit(control: LexborNode) -> bool:
    """Whether pressing it sends the form, and itself (image buttons send otherwise)."""
    if control.tag == "button":
        return _type(control) not in ("button", "reset")
    return control.tag == "input" and _type(control) == "submit"


def is_image(control: LexborNode) -> bool:
    """Whether it sends the form and where on it was pressed."""
    return control.tag == "input" and _type(control) == "image"


def _type(control: LexborNode) -> str:
    return (control.attributes.get("type") or "").strip().lower()


def _value(button: LexborNode) -> str | None:
    """What it sends; None for an input without a value, which sends its label in the browser's language."""
    if "value" not in button.attributes:
        return None if button.tag == "input" else ""
    return button.attributes["value"] or ""

"""The table of controls: each kind has its row, and the row says what the rest of todoke needs to know."""

from __future__ import annotations

import pytest

from todoke.forms.control_kind import TRAITS
from todoke.forms.validate import validate
from todoke.model.form import ControlKind, Field, Form
from todoke.model.submission import Entry


def test_every_kind_has_a_row() -> None:
    """A kind without one would be a KeyError at the first visitor."""
    assert set(TRAITS) == set(ControlKind)


@pytest.mark.parametrize("kind", [kind for kind, traits in TRAITS.items() if traits.sample])
def test_a_control_takes_its_sample(kind: ControlKind) -> None:
    """What the canary writes into a control is a value of it, also where one is required."""
    form = Form(name="f", fields=(Field(name="x", kind=kind, required=True),))
    assert validate(form, (Entry("x", TRAITS[kind].sample),), "en") == ()


@pytest.mark.parametrize("kind", ControlKind)
def test_what_can_be_malformed_has_words(kind: ControlKind) -> None:
    """A kind that refuses some texts says what it wants."""
    traits = TRAITS[kind]
    assert traits.malformed or not (traits.scale or traits.is_well_formed)


@pytest.mark.parametrize(
    "kind", [kind for kind, traits in TRAITS.items() if traits.scale and traits.show]
)
def test_what_is_shown_to_people_is_no_longer_html(kind: ControlKind) -> None:
    """A date in the page's grammar is written as people write it, in both languages."""
    traits = TRAITS[kind]
    assert traits.show is not None
    assert traits.sample not in (traits.show(traits.sample, "en"), traits.show(traits.sample, "ja"))

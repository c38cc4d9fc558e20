"""Which answers are secrets."""

from __future__ import annotations

import pytest

from todoke.forms.secret import secret_names
from todoke.model.form import Field, Form
from todoke.model.submission import Entry


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "user[password]",
        "pw",
        "pass",
        "passwd",
        "new_pass-word",
        "pass phrase",
        "passcode",
        "パスワード",
        "暗証番号",
        "password_confirmation",
    ],
)
def test_without_a_page_names_tell(name: str) -> None:
    """Whoever posts without a page of ours names a password as the world does."""
    assert secret_names(Form(name="any"), (Entry(name, "x"),)) == {name}


@pytest.mark.parametrize(
    "name", ["passport", "boarding_pass", "compass", "spwd", "message", "pass2go"]
)
def test_a_name_that_only_resembles_one(name: str) -> None:
    """What is no secret is shown, so that nothing is lost."""
    assert not secret_names(Form(name="any"), (Entry(name, "x"),))


def test_a_page_says_what_its_controls_are() -> None:
    """By the kind, or by what browsers are asked to fill in; names then say nothing."""
    fields = (
        Field(name="a", kind="password"),
        Field(name="b", autocomplete="section-x one-time-code"),
        Field(name="password", kind="textarea"),
    )
    entries = tuple(Entry(field.name, "x") for field in fields)
    assert secret_names(Form(name="f", fields=fields), entries) == {"a", "b"}

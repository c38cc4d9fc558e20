"""What is read of a page whose form another product takes."""

from __future__ import annotations

import pytest

from todoke.forms.aliases import NAMES
from todoke.web.dialects.page import Foreign, Left, read_foreign

FORMS = {
    "basin": ('action="https://usebasin.com/f/ab12"', "", "ab12", "/f/ab12"),
    "formbackend": ('action="https://www.formbackend.com/f/ab12"', "", "ab12", "/f/ab12"),
    "formcarry": ('action="https://formcarry.com/s/aB_1-2"', "", "aB_1-2", "/s/aB_1-2"),
    "formspark": ('action="https://submit-form.com/ab12"', "", "ab12", "/ab12"),
    "formspree": ('action="https://formspree.io/f/xeqd"', "", "xeqd", "/f/xeqd"),
    "formsubmit": ('action="https://formsubmit.co/a@b.example"', "", "a@b.example", "/a@b.example"),
    "getform": ('action="https://getform.io/f/ab12"', "", "ab12", "/f/ab12"),
    "netlify": ('name="news" data-netlify="true" action="/thanks"', "", "news", "/thanks"),
    "staticforms": (
        'action="https://api.staticforms.xyz/submit"',
        '<input type="hidden" name="accessKey" value="k-1">',
        "k-1",
        "/submit",
    ),
    "web3forms": (
        'action="https://api.web3forms.com/submit"',
        '<input type="hidden" name="access_key" value="k-1">',
        "k-1",
        "/submit",
    ),
}


def only(html: str) -> Foreign:
    """The one form of a page."""
    (found,) = read_foreign(html)
    assert isinstance(found, Foreign)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_each_product_is_known_by_its_form(name: str) -> None:
    """By its host or its attribute; with the key and the path that stay the same."""
    attributes, control, key, path = FORMS[name]
    found = only(f'<form method="post"\n{attributes}>{control}<input name="email"></form>')
    assert (found.dialect.name, found.key, found.path) == (name, key, path)
    assert found.line == 2 or name == "netlify"
    assert found.lacks_key is (name == "netlify")


def test_what_the_page_wants_is_told() -> None:
    """Where it leads, what it is about, its trap, its language, and what nobody obeys, with lines."""
    found = only(
        """<html lang="ja"><form action="https://api.web3forms.com/submit">
<input type="hidden" name="access_key" value="k">
<input type="hidden" name="redirect" value="https://site.example/ok">
<input type="hidden" name="subject" value="News">
<input type="hidden" name="ccemail" value="x@y.example">
<input type="checkbox" name="botcheck"><input name="email"></form>"""
    )
    assert (found.next, found.subject) == ("https://site.example/ok", "News")
    assert found.not_obeyed == (("ccemail", "x@y.example", 5),)
    assert (found.language, found.honeypot) == ("ja", ())


def test_a_trap_of_any_name_is_read_off_the_form() -> None:
    """Unless the dialect has it anyway."""
    page = '<form name="a" netlify netlify-honeypot="{}"><input name="{}"></form>'
    assert only(page.format("nickname", "nickname")).honeypot == ("nickname",)
    assert only(page.format("bot-field", "bot-field")).honeypot == ()


def test_a_form_that_a_script_sends_is_known_by_its_key() -> None:
    """It has no action to change."""
    found = only('<form><input type="hidden" name="access_key" value="k"><input name="a"></form>')
    assert (found.dialect.name, found.action, found.path) == ("web3forms", "", "/submit")


def test_several_forms_have_a_selector_and_a_name_each() -> None:
    """And what is nobody's is said so."""
    one = (
        '<form id="{}" name="Contact us" action="https://formspree.io/f/{}"><input name="a"></form>'
    )
    found = list(
        read_foreign(
            one.format("x", "1")
            + one.format("y z", "2")
            + '<form action="/search"><input name="q"></form><form><input name="q"></form>'
            + '<form action="https://formspree.io/f/3"></form>'
        )
    )
    first, second, *others = found
    assert isinstance(first, Foreign)
    assert isinstance(second, Foreign)
    assert (first.name, first.select) == ("contact-us", "#x")
    assert (second.name, second.select) == ("contact-us-2", 'form[id="y z"]')
    assert all(isinstance(other, Left) and other.why for other in others)
    assert len(others) == 3


@pytest.mark.parametrize("action", ["http://[", "//", "mailto:a@b.example", "https://formspree.io"])
def test_any_action_is_read(action: str) -> None:
    """What is no address is nobody's, and one without a key has none."""
    (found,) = read_foreign(f'<form action="{action}"><input name="a"></form>')
    assert isinstance(found, Left) or found.key == ""

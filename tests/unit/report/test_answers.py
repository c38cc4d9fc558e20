"""What a visitor wrote, as the desk shows it."""

from __future__ import annotations

import pytest

from support.web.stories import ANSWERS, CONTACT, make_timeline
from todoke.model.address import NOBODY, Address
from todoke.model.form import Field
from todoke.model.submission import Entry, File, Submission
from todoke.report.answers import dialled, option_words, shown_answers


def submission(*entries: Entry, **changes: object) -> Submission:
    """A submission with these entries."""
    return make_timeline(entries=entries, **changes).submission


def test_the_message_leads_and_nothing_is_said_twice() -> None:
    """The message by itself; name and address with the visitor; chosen words without their values; files apart."""
    shown = shown_answers(submission(*ANSWERS, Entry("terms", "on")), CONTACT, name="Hana Suzuki")
    assert shown["message"]["value"] == "Do you have kozo paper?\nIn large sheets, please."
    assert shown["visitor"]["name"] == "Hana Suzuki"
    assert shown["visitor"]["address"] == "hana@example.com"
    assert [(a["label"], a["value"], a["ticked"]) for a in shown["answers"]] == [
        ("What is it about?", "Our paper", False),
        ("I agree to the terms", "on", True),
    ]
    [file] = shown["files"]
    assert (file["name"], file["size"], file["media_type"]) == ("wall.jpg", "25 B", "image/jpeg")


def test_of_a_form_that_is_gone() -> None:
    """Its fields' names stand for their labels; the longest text that is long enough leads."""
    long = "x" * 40
    entries = (Entry("a", "short"), Entry("b", long), Entry("email", "hana@example.com"))
    shown = shown_answers(submission(*entries), None)
    assert (shown["message"]["label"], shown["message"]["value"]) == ("b", long)
    assert [a["label"] for a in shown["answers"]] == ["a"]
    assert shown_answers(submission(Entry("a", "short")), None)["message"] is None


def test_a_secret_never_leads() -> None:
    """However long it is."""
    entries = (Entry("password", "p" * 100),)
    shown = shown_answers(submission(*entries), None, {"password"})
    assert shown["message"] is None
    assert shown["answers"][0]["secret"]


def test_a_secret_that_is_the_address_stays_a_secret() -> None:
    """It is not taken for something that is said above."""
    entries = (Entry("password", "hana@example.com"),)
    assert len(shown_answers(submission(*entries), None, {"password"})["answers"]) == 1


def test_nobody() -> None:
    """Without address, name and answers there is nothing to show, and nothing fails."""
    shown = shown_answers(submission(visitor=NOBODY), CONTACT)
    assert shown["visitor"] == {
        "name": "",
        "address": "",
        "bare": "",
        "telephone": "",
        "dial": "",
    }
    assert (shown["message"], shown["answers"], shown["files"]) == (None, [], [])


def test_a_visitors_address_that_is_none_cannot_be_copied() -> None:
    """A kept text that is no address is shown, and nothing is offered for it."""
    shown = shown_answers(submission(visitor=Address("not an address")), CONTACT)
    assert (shown["visitor"]["address"], shown["visitor"]["bare"]) == ("not an address", "")


def test_bytes_that_were_no_text_are_told() -> None:
    """Of a file's name, too."""
    entries = (
        Entry("a", "x\ufffd", raw=b"x\xff"),
        Entry("f", File(name="\ufffd", media_type="", content=b""), raw=b"\xff"),
    )
    shown = shown_answers(submission(*entries), None)
    assert shown["answers"][0]["undecoded"]
    assert shown["files"][0]["undecoded"]


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("Samples", "samples", "Samples"),
        ("同意する", "yes", "同意する"),
        ("Our paper", "paper", "Our paper"),
        ("Kyoto", "kyoto-03", "Kyoto (kyoto-03)"),
        ("Five", "5", "Five (5)"),
        ("", "free", "free"),
        ("★", "-", "★"),
    ],
)
def test_options(label: str, value: str, words: str) -> None:
    """The label, and the value beside it only where it says something else."""
    field = Field(name="x", options=((value, label),) if label else ())
    assert option_words(field, value) == words


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("03-1234-5678", "0312345678"),
        ("+81 (0)3 1234 5678", "+810312345678"),
        ("０９０ー１２３４ー５６７８", "09012345678"),
        ("＋８１-3-1234-5678", "+81312345678"),
        ("", ""),
        ("12", ""),
        ("1" * 16, ""),
        ("call me: 03-1234-5678", ""),
        ("03-1234-5678;ext=1?x=<b>", ""),
        ("٠٣-١٢٣٤-٥٦٧٨", "0312345678"),
    ],
)
def test_a_number_to_dial(typed: str, number: str) -> None:
    """Digits and a plus; "" for what is more than a number, which nobody may be led to dial."""
    assert dialled(typed) == number

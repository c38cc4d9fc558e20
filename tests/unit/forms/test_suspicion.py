"""What speaks against a submission: each signal has what it stands for, and what looks like it and is honest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.forms.suspicion.answers import TRAPS, free_texts, in_answers, roles_of
from todoke.forms.suspicion.circumstances import (
    UNKNOWN,
    Agent,
    Circumstances,
    PageOwner,
    ProofOfWork,
    of_sending,
)
from todoke.model import signal
from todoke.model.captcha import CaptchaVerdict
from todoke.model.form import Field, Form
from todoke.model.language import translator
from todoke.model.signal import LEAST_THRESHOLD, SIGNALS, signals_of
from todoke.model.submission import Entry, File

OPEN = Form(name="open")
CONTACT = Form(
    name="contact",
    fields=(
        Field(name="who", autocomplete="name"),
        Field(name="topic", kind="select", options=(("a", "A"), ("https://a.example", "B"))),
        Field(name="landing", kind="hidden"),
        Field(name="website", kind="url"),
        Field(name="message", kind="textarea"),
        Field(name="_honey", kind="hidden", value="leave", presets=("leave",)),
        Field(name="botcheck", kind="checkbox", options=(("on", ""),)),
    ),
)


def found(form: Form = OPEN, own: frozenset[str] = frozenset(), **answers: str | File) -> set[str]:
    """The names of the signals that stand in these answers."""
    entries = tuple(Entry(name, value) for name, value in answers.items())
    return {s.name for s in in_answers(roles_of(form), entries, own)}


@pytest.mark.parametrize("name", sorted(TRAPS))
def test_a_filled_trap_counts(name: str) -> None:
    """By each of the names that pages give them; left empty it is nothing."""
    assert found(**{name: "on"}) == {"trap_filled"}
    assert found(**{name: ""}) == set()


def test_what_a_page_puts_into_a_trap_is_nobodys() -> None:
    """A page may have a text in it from the start: that is sent by everybody."""
    assert found(CONTACT, _honey="leave") == set()
    assert found(CONTACT, _honey="leave it") == {"trap_filled"}
    assert found(CONTACT, botcheck="on") == {"trap_filled"}


def test_a_website_weighs_least() -> None:
    """Browsers fill it in, and where the page asks for it, it is an answer."""
    assert found(website="https://a.example") == {"website_filled"}
    assert found(CONTACT, website="https://a.example") == set()
    assert signal.WEBSITE.weight == min(s.weight for s in SIGNALS if s.weight > 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see [url=https://a.example]cheap[/url]", {"bbcode"}),
        ("see [LINK]https://a.example[/LINK]", {"bbcode"}),
        ("the list[url] of my program fails", set()),
        ('see <a class="x" href="https://a.example">cheap</a>', {"html_link"}),
        ("a < b and <abbr>", set()),
        ("http://a.example https://www.b.example/x www.c.example", {"many_links"}),
        ("https://a.example/1 https://a.example/2 https://www.a.example/3 www.b.example", set()),
        ("詳しくはhttps://a.example/をご覧ください。", set()),
        ("QzLkFhWdRtBvNmXs", set()),
    ],
)
def test_links_and_markup(text: str, expected: set[str]) -> None:
    """Markup that means nothing in a form, and links to many other sites in one answer."""
    assert found(message=text) == expected


def test_links_to_the_site_itself_are_none() -> None:
    """An order names many of the site's own pages."""
    own = frozenset({"a.example", "b.example"})
    text = "https://www.a.example/1 https://b.example/2 https://c.example"
    assert found(own=own, message=text) == set()
    assert found(message=text) == {"many_links"}


@pytest.mark.parametrize(
    "name", ["name", "your-name", "First Name", "お名前", "氏名", "tel", "お電話番号"]
)
def test_a_link_for_a_name(name: str) -> None:
    """By the names that such fields have; a company may be called as it likes."""
    assert found(**{name: "Win https://a.example"}) == {"link_in_name"}
    assert found(company="https://a.example", portfolio="www.b.example") == set()
    assert found(CONTACT, who="www.a.example") == {"link_in_name"}


def test_letters_at_random_in_several_answers() -> None:
    """One such word may be a code, or somebody's name."""
    assert found(first="QzLkFhWdRtBv", second="hTrWqPlMnBvC") == {"gibberish"}
    assert found(first="QzLkFhWdRtBv", second="McDonaldSmith", third="iPhone") == set()


def test_only_what_is_typed_is_looked_at() -> None:
    """Hidden fields carry addresses of pages, and choices what the site owner wrote; files are no text."""
    links = "https://a.example https://b.example https://c.example"
    file = File(name="[/url]", media_type="text/plain", content=b"[/url]")
    assert found(CONTACT, landing=links, topic=links, message="Hello") == set()
    assert found(landing=file) == set()
    typed = (Entry("landing", "x" * 50), Entry("message", "Hello"), Entry("_honey", "x" * 50))
    assert free_texts(roles_of(CONTACT), typed) == ["Hello"]


def test_every_circumstance_counts_once() -> None:
    """Of what is not known nothing is held against anybody."""
    assert list(of_sending(UNKNOWN)) == []
    known = [
        (Circumstances(agent=Agent.PROGRAM, has_browsers_fields=False), [signal.PROGRAM]),
        (Circumstances(has_browsers_fields=False), [signal.DISGUISED]),
        (Circumstances(page=PageOwner.OWN), []),
        (Circumstances(page=PageOwner.OTHER), [signal.OTHER_PAGE]),
        (Circumstances(loaded_before=1.9), [signal.TOO_FAST]),
        (Circumstances(loaded_before=2.0), []),
        (Circumstances(is_load_forged=True), [signal.FORGED_LOAD]),
        (Circumstances(work=ProofOfWork.MISSING), [signal.NO_WORK]),
        (Circumstances(work=ProofOfWork.DONE), [signal.WORK]),
        (Circumstances(is_listed=True), [signal.LISTED]),
        (Circumstances(captcha=CaptchaVerdict.MISSING), [signal.NO_CAPTCHA]),
        (Circumstances(captcha=CaptchaVerdict.SOLVED), [signal.CAPTCHA]),
    ]
    assert [list(of_sending(circumstances)) for circumstances, _ in known] == [e for _, e in known]


def test_no_signal_decides_alone() -> None:
    """Whatever threshold may be set: another one has to agree, and of a browser's request more than a website."""
    assert all(signals_of({one}, LEAST_THRESHOLD) == () for one in SIGNALS)
    assert signals_of({signal.TRAP, signal.WEBSITE}, signal.THRESHOLD) == ()
    assert signals_of({signal.PROGRAM, signal.TRAP}, signal.THRESHOLD) == ("trap_filled", "program")


def test_work_speaks_for_a_submission_and_its_absence_decides_nothing() -> None:
    """Who has no JavaScript brings none: with a trap that a browser filled it is not enough."""
    assert signals_of({signal.NO_WORK, signal.TRAP}, signal.THRESHOLD) == ()
    assert signals_of({signal.WORK, signal.PROGRAM, signal.TRAP}, signal.THRESHOLD) == ()
    assert signals_of({signal.NO_WORK, signal.PROGRAM, signal.GIBBERISH}, signal.THRESHOLD)


@pytest.mark.parametrize("work", ProofOfWork)
@pytest.mark.parametrize("captcha", CaptchaVerdict)
def test_a_captcha_and_a_proof_of_work_count_as_one(
    work: ProofOfWork, captcha: CaptchaVerdict
) -> None:
    """Who has no JavaScript brings neither, and a trap that a browser filled in is still no reason."""
    found = set(of_sending(Circumstances(work=work, captcha=captcha)))
    weights = sorted(one.weight for one in found)
    assert weights in ([], [-3], [2], [-3, 2])
    assert signals_of(found | {signal.TRAP}, signal.THRESHOLD) == ()


@given(st.sets(st.sampled_from(SIGNALS)), st.integers(LEAST_THRESHOLD, 100))
def test_names_are_kept_exactly_from_the_threshold_on(
    some: set[signal.Signal], threshold: int
) -> None:
    """All of them or none, in one order."""
    names = signals_of(some, threshold)
    is_kept = sum(s.weight for s in some) >= threshold
    assert names == (tuple(s.name for s in SIGNALS if s in some) if is_kept else ())


def test_each_signal_says_why_in_both_languages() -> None:
    """For whoever has to decide; a name means one thing."""
    say = translator("pages", "ja").gettext
    assert all(s.why.endswith(".") and say(s.why) != s.why for s in SIGNALS)
    assert len({s.name for s in SIGNALS}) == len({s.why for s in SIGNALS}) == len(SIGNALS)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_is_taken(one: str, other: str) -> None:
    """Whatever is typed, it is judged and nothing fails."""
    assert found(name=one, message=other) <= {s.name for s in SIGNALS}

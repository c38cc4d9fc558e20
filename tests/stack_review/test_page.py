"""The review as text, Markdown, a few lines, and a page: the same facts, and nothing that a name could break."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack_review import picture
from stack_review import words as telling
from stack_review.page import page
from stack_review.review import Review
from support.review.changes import RECORDED, change, recorded, resource, reviewed, template

EVIL = "<script>alert(1)</script>|`*\"'&"


def evil() -> Review:
    """A review whose names and values are hostile."""
    old = template(**{EVIL: resource("SNS::Topic", TopicName=EVIL)})
    new = template(
        **{EVIL: resource("SNS::Topic", TopicName=EVIL + "2"), "B": resource("Evil::" + EVIL)}
    )
    return reviewed(old, new, change("Modify", EVIL, "SNS::Topic", "True"))


class Tags(HTMLParser):
    """Which tags a document has, and whether they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It closes the last one."""
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag of SVG."""
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("path", RECORDED, ids=lambda p: p.stem)
def test_the_page_needs_nothing_else_and_allows_nothing(path: object) -> None:
    """No script, no address, no inline style; its policy allows its own style sheet by hash alone."""
    text = page(recorded(path.stem))  # type: ignore[attr-defined]
    tags = Tags(text)
    assert not tags.found & {"script", "link", "img", "iframe", "form", "object", "a"}
    assert not tags.attributes & {"style", "src", "href", "onclick"}
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_every_finding_is_on_every_page() -> None:
    """Text, Markdown and HTML say each sentence; colour is never alone, for each has its word."""
    found = recorded("guards_lowered")
    lines = "\n".join(telling.text(found, lambda text, _: text))
    for finding in found.findings:
        assert finding.sentence in lines
        assert finding.sentence in telling.markdown(found)
        assert finding.sentence in page(found)
        assert finding.severity.upper() in lines
    assert found.digest in lines
    assert f"ship forms --by {found.digest}" in page(found, "ship {stack} --by {digest}")


def test_hostile_names_stay_words() -> None:
    """Neither HTML nor Markdown takes a name for markup."""
    found = evil()
    Tags(page(found))
    assert "<script" not in page(found)
    text = telling.markdown(found)
    assert "<script" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6, 7}


def test_the_few_lines_fit_an_approval() -> None:
    """They are cut where an approval's text ends, and say where the rest is."""
    for path in RECORDED:
        found = recorded(path.stem)
        for most in (200, 900):
            text = telling.brief(found, most)
            assert len(text) <= most
            assert found.digest in text
            assert telling.title(found) in text


def test_what_is_said_of_many_is_said_once() -> None:
    """Nine alarms that cost the same are one line with nine names."""
    alarms = {f"A{n}": resource("CloudWatch::Alarm") for n in range(9)}
    old = template(T=resource("SNS::Topic"))
    found = reviewed(old, template(T=resource("SNS::Topic"), **alarms))
    assert len(found.findings) == 9
    (one,) = telling.grouped(found.findings)
    assert one.resource == ", ".join(sorted(alarms))


def test_a_resource_stands_at_one_place_in_both_pictures() -> None:
    """The union is laid out once; what is gone is only before, what is new is only after."""
    old = template(T=resource("DynamoDB::Table"), F=resource("Lambda::Function", A={"Ref": "T"}))
    new = template(Q=resource("SQS::Queue"), F=resource("Lambda::Function", A={"Ref": "Q"}))
    found = reviewed(old, new)
    where = picture.layout(found.before, found.after, found.steps)
    assert where.places["F"][0] == 1
    before = picture.picture(where, found.before, found.steps, "Before")
    after = picture.picture(where, found.after, found.steps, "After")
    assert "− removed" in before
    assert "− removed" not in after
    assert "+ added" in after
    assert "+ added" not in before
    place = re.search(r'x="(\d+)" y="(\d+)"[^>]*>F<', before)
    assert place
    assert place[0] in after


def test_of_a_huge_stack_what_changes_is_drawn() -> None:
    """Two hundred topics and one change: the change and its neighbours, and how many are left out."""
    many = {f"T{n}": resource("SNS::Topic") for n in range(200)}
    sub = {"S": resource("SNS::Subscription", TopicArn={"Ref": "T7"})}
    found = reviewed(template(**many), template(**many, **sub))
    where = picture.layout(found.before, found.after, found.steps)
    assert set(where.places) == {"S", "T7"}
    assert where.left_out == 199
    assert "199 resources" in page(found)


NAMES = st.sampled_from("ABCDEF")


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=6))
def test_any_references_can_be_drawn(graph: dict[str, list[str]]) -> None:
    """Circles and references to nothing too; no two boxes at one place, none outside the picture."""
    made = template(
        **{
            name: resource("SNS::Topic", A=[{"Ref": t} for t in targets])
            for name, targets in graph.items()
        },
        Z=resource("SNS::Topic"),
    )
    found = reviewed(template(Z=resource("SNS::Topic")), made)
    where = picture.layout(found.before, found.after, found.steps)
    assert set(where.places) == {*graph, "Z"}
    assert len(set(where.places.values())) == len(where.places)
    Tags(picture.picture(where, found.after, found.steps, "After"))

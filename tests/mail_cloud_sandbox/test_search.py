"""What the inbox is searched for, and what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_cloud_sandbox.behaviour import Behaviour
from mail_cloud_sandbox.database import Database
from mail_cloud_sandbox.inbox import Inbox
from mail_cloud_sandbox.mail import Attachment, Mail, Mailbox
from mail_cloud_sandbox.search import MOST_TERMS, Term, folded, terms_of
from mail_cloud_sandbox.service import Service, service_on

NOW = 1_900_000_000.0


def a_mail(to: str, name: str = "", **more: object) -> Mail:
    """A mail to one recipient."""
    given: dict[str, object] = {
        "api_user": "u",
        "sender": Mailbox("Example Desk", "desk@example.org"),
        "to": (Mailbox(name, to),),
        "subject": "We have your message",
        "text": "Thank you.",
    }
    return Mail(**{**given, **more})  # type: ignore[arg-type]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A sandbox with some mails, each of which has come to its end."""
    found, database = service_on(tmp_path, Behaviour(pace_seconds=0), lambda: NOW)
    mails = [
        a_mail("aoi@example.com", subject="お問い合わせを受け付けました", text="山田太郎様"),
        a_mail("ren@example.com", text="", html="<style>p{}</style><p>Total: <b>1</b>20 yen"),
        a_mail("hardbounce@example.com", name="ﾔﾏﾀﾞ"),
        a_mail("mei@example.com", attachments=(Attachment("請求書.pdf", "application/pdf", b"%"),)),
    ]
    for mail in mails:
        found.accept(mail, remote="")
    yield found
    database.close()


def found_by(service: Service, query: str) -> set[str]:
    """Whose mail a query finds."""
    rows = service.inbox.page(terms_of(query), now=NOW, before=None, limit=50)
    found, _, _ = service.inbox.counts(terms_of(query), now=NOW)
    assert found == len(rows) == len(service.inbox.seqs(terms_of(query), now=NOW))
    return {row["recipient"].partition("@")[0] for row in rows}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"aoi", "ren", "hardbounce", "mei"}),
        ("山田", {"aoi"}),
        ("田", {"aoi"}),  # one character is a word
        ("受け付け　山田", {"aoi"}),  # an ideographic space parts words
        ("ヤマダ", {"hardbounce"}),  # kana of half width, in a name
        ("ｍｅｓｓａｇｅ THANK", {"hardbounce", "mei"}),
        ('"your message"', {"ren", "hardbounce", "mei"}),
        ('"message your"', set()),
        ("120 total:", set()),  # a tag parts words, and a style sheet is no text
        ("total yen", {"ren"}),
        ("p{}", set()),
        ("to:aoi@", {"aoi"}),
        ("from:desk@example.org", {"aoi", "ren", "hardbounce", "mei"}),
        ("from:aoi", set()),
        ("subject:問い合わせ", {"aoi"}),
        ("subject:山田", set()),
        ("has:attachment", {"mei"}),
        ("-has:attachment -to:ren", {"aoi", "hardbounce"}),
        ("請求書", {"mei"}),
        ("is:bounced", {"hardbounce"}),
        ("is:delivered", {"aoi", "ren", "mei"}),
        ("is:read", set()),
        ("is:odd", set()),
        ("%", set()),
        ("_", set()),
        ("' OR 1=1 --", set()),
    ],
)
def test_a_query_finds(service: Service, query: str, names: set[str]) -> None:
    """Every word has to be there, anywhere or where its name says."""
    assert found_by(service, query) == names


def test_what_is_read_is_found_so(service: Service) -> None:
    """A mark is a fact like others; it can be taken back."""
    (seq,) = service.inbox.seqs(terms_of("山田"), now=NOW)
    service.inbox.mark([seq, seq], is_read=True)
    assert found_by(service, "is:read") == {"aoi"}
    assert service.inbox.counts((), now=NOW)[:2] == (4, 3)
    service.inbox.mark([seq], is_read=False)
    assert found_by(service, "is:read") == set()


def test_neighbours_are_among_what_is_found(service: Service) -> None:
    """The next newer and older mail, of those that the query finds."""
    ids = {row["recipient"]: (row["seq"], row["id"]) for row in _all(service)}
    middle = ids["hardbounce@example.com"][0]
    assert service.inbox.neighbours(middle, (), now=NOW) == (
        ids["mei@example.com"][1],
        ids["ren@example.com"][1],
    )
    delivered = terms_of("is:delivered 山田")
    assert service.inbox.neighbours(middle, delivered, now=NOW) == ("", ids["aoi@example.com"][1])


def _all(service: Service) -> list[dict[str, object]]:
    return [dict(row) for row in service.inbox.page((), now=NOW, before=None, limit=50)]


def test_what_an_older_sandbox_kept_is_found(tmp_path: Path) -> None:
    """Its file has no searched text: it is made at the start."""
    service, database = service_on(tmp_path, Behaviour(pace_seconds=0), lambda: NOW)
    service.accept(a_mail("aoi@example.com", text="山田", html="<p>合計"), remote="")
    database.execute("DROP TABLE searched")
    database.execute("DROP TABLE seen")
    database.close()
    service, database = service_on(tmp_path, Behaviour(), lambda: NOW)
    assert found_by(service, "山田 合計 aoi desk") == {"aoi"}
    database.close()


def test_conditions() -> None:
    """How words are read; none is wrong."""
    assert terms_of('from:"a b" -Is:Unread is:') == (
        Term("from", "a b"),
        Term("mark", "unread", is_wanted=False),
        Term("", "is:"),
    )
    assert terms_of("ｓｕｂｊｅｃｔ：Ａ") == (Term("subject", "a"),)
    assert terms_of('"') == ()
    assert len(terms_of("a " * 100)) == MOST_TERMS


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A sandbox's file with a mail in it."""
    service, found = service_on(tmp_path_factory.mktemp("file"), Behaviour(), lambda: NOW)
    service.accept(a_mail("aoi@example.com"), remote="")
    yield found
    found.close()


@given(st.text(max_size=60))
def test_any_text_can_be_searched_for(database: Database, text: str) -> None:
    """Whatever is typed is a query, and whatever is in a mail can be folded and kept."""
    total, _, _ = Inbox(database).counts(terms_of(text), now=NOW)
    assert total in {0, 1}
    assert database.execute("SELECT ?", (folded(text),)).fetchone()[0] == folded(text)

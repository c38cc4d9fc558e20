"""What the suppression lists of Amazon SES and Postmark do beyond the port: calls, words, answers that are none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.mail.list_stages import postmark_list, ses_list
from support.mail.postmark_server import STAYS, SUPPRESSIONS, TOKEN, PostmarkScript, postmark_server
from support.mail.postmark_server import error as postmark_error
from support.mail.scripted_server import answer_of
from support.mail.ses_server import SUPPRESSED, SesScript, error, ses_server
from todoke.model.errors import ConfigError, LiftRefused, RecordsUnavailable
from todoke.ports.suppressions import ListedFor
from todoke.services.postmark.suppressions import LIST_BYTES, PostmarkSuppressions
from todoke.services.ses.suppressions import SesSuppressions

AT = 1_760_000_000.0


@pytest.fixture
def ses(aws_credentials: None) -> Iterator[tuple[SesScript, SesSuppressions]]:
    """The adapter before our SES."""
    script = SesScript()
    with ses_server(script) as url:
        source = ses_list(url)
        yield script, source
        source.close()


@pytest.fixture
def postmark() -> Iterator[tuple[PostmarkScript, PostmarkSuppressions]]:
    """The adapter before our Postmark."""
    script = PostmarkScript()
    with postmark_server(script) as url:
        source = postmark_list(url)
        yield script, source
        source.close()


Ses = tuple[SesScript, SesSuppressions]
Postmark = tuple[PostmarkScript, PostmarkSuppressions]


class TestSes:
    def test_the_calls_are_as_documented(self, ses: Ses) -> None:
        """Page after page by the token that SES gave; one address in the path, and nothing else."""
        script, source = ses
        script.suppressed = {f"gone{n}@example.com": ("BOUNCE", AT) for n in range(120)}
        assert len(source.suppressions()) == 120
        source.lift("gone1/..@example.com")
        assert [(r.method, r.path, r.body) for r in script.requests] == [
            ("GET", f"{SUPPRESSED}?PageSize=100", b""),
            ("GET", f"{SUPPRESSED}?PageSize=100&NextToken=50", b""),
            ("GET", f"{SUPPRESSED}?PageSize=100&NextToken=100", b""),
            ("DELETE", f"{SUPPRESSED}/gone1%2F..%40example.com", b""),
        ]

    def test_why_they_are_on_it(self, ses: Ses) -> None:
        """In SES's word and in ours; a word that is new is kept as it is."""
        script, source = ses
        script.suppressed = {
            "a@x.example": ("BOUNCE", AT),
            "b@x.example": ("COMPLAINT", AT),
            "c@x.example": ("NEW", AT),
        }
        assert [(s.address, s.reason, s.listed_for) for s in source.suppressions()] == [
            ("a@x.example", "BOUNCE", ListedFor.BOUNCE),
            ("b@x.example", "COMPLAINT", ListedFor.COMPLAINT),
            ("c@x.example", "NEW", None),
        ]

    def test_what_ses_takes_for_no_address(self, ses: Ses) -> None:
        """It is refused, in SES's words."""
        script, source = ses
        script.facts[f"{SUPPRESSED}/x"] = error(400, "BadRequestException", "Invalid email.")
        with pytest.raises(LiftRefused, match=r"^Invalid email\.$"):
            source.lift("x")

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (error(403, "AccessDeniedException", "User AKIATEST may not"), "ses:ListSuppressed"),
            (error(404, "NotFoundException", "There is none."), "NotFoundException"),
            (error(400, "BadRequestException", "Bad page size"), "BadRequestException"),
            ((200, b"<html>"), "cannot be asked"),
            ((200, {"SuppressedDestinationSummaries": [{"LastUpdateTime": "soon"}]}), "asked"),
            ("drop", "cannot be asked"),
        ],
        ids=str,
    )
    def test_what_is_no_list(self, ses: Ses, answer: Any, words: str) -> None:
        """Anything else is RecordsUnavailable, and says why without the credentials."""
        script, source = ses
        script.facts[f"{SUPPRESSED}?PageSize=100"] = answer
        with pytest.raises(RecordsUnavailable, match=words) as raised:
            source.suppressions()
        assert "AKIATEST" not in str(raised.value)

    def test_an_answer_that_was_busy_is_asked_for_again(self, ses: Ses) -> None:
        """Reading and lifting are safe to repeat."""
        script, source = ses
        script.facts[f"{SUPPRESSED}/a%40x.example"] = error(429, "TooManyRequestsException")
        with pytest.raises(RecordsUnavailable, match="TooManyRequests"):
            source.lift("a@x.example")
        assert len(script.requests) > 1

    def test_a_list_without_end(self, ses: Ses) -> None:
        """A service that gives tokens for ever is left after a bound."""
        script, source = ses
        again = (200, {"SuppressedDestinationSummaries": [], "NextToken": "0"})
        script.facts = {f"{SUPPRESSED}?PageSize=100{n}": again for n in ("", "&NextToken=0")}
        source.most_pages = 3
        with pytest.raises(RecordsUnavailable, match="more than 3 pages"):
            source.suppressions()

    def test_an_address_that_no_request_can_have(self, ses: Ses) -> None:
        """A lone surrogate is in no URL: nothing is asked."""
        script, source = ses
        with pytest.raises(RecordsUnavailable):
            source.lift("a\ud800@x.example")
        assert script.requests == []


class TestPostmark:
    def test_the_calls_are_as_documented(self, postmark: Postmark) -> None:
        """The dump of the stream that mails go through; one address to delete."""
        script, source = postmark
        source.suppressions()
        source.lift("a@x.example")
        assert [(start, body) for start, _, body in script.requests] == [
            (f"GET {SUPPRESSIONS}/dump HTTP/1.1", b""),
            (
                f"POST {SUPPRESSIONS}/delete HTTP/1.1",
                b'{"Suppressions":[{"EmailAddress":"a@x.example"}]}',
            ),
        ]

    def test_why_they_are_on_it(self, postmark: Postmark) -> None:
        """In Postmark's word and in ours."""
        script, source = postmark
        words = ("HardBounce", "SpamComplaint", "ManualSuppression", "New")
        script.suppressed = {f"{w}@x.example": (w, "2019-12-17T08:58:33-05:00") for w in words}
        found = source.suppressions()
        assert [s.reason for s in found] == list(words)
        assert [s.listed_for for s in found] == [
            ListedFor.BOUNCE,
            ListedFor.COMPLAINT,
            ListedFor.HAND,
            None,
        ]
        assert {str(s.since) for s in found} == {"2019-12-17 13:58:33+00:00"}

    def test_a_complaint_stays(self, postmark: Postmark) -> None:
        """With Postmark's own sentence."""
        script, source = postmark
        script.suppressed = {"a@x.example": ("SpamComplaint", "")}
        with pytest.raises(LiftRefused) as refused:
            source.lift("a@x.example")
        assert str(refused.value) == STAYS

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (postmark_error(401, 10, f"Bad token {TOKEN}"), "HTTP 401: 10 Bad token"),
            (postmark_error(422, 1226, "The message stream was not found."), "1226"),
            (answer_of(302, "", "Location: https://example.com/"), "HTTP 302"),
            (answer_of(200, "<html>"), "cannot be read"),
            (answer_of(200, '{"Suppressions": null}'), "cannot be read"),
            (answer_of(200, "{}"), "cannot be read"),
            (answer_of(200, '{"Suppressions": [7]}'), "cannot be read"),
            (answer_of(200, "[" * 5_000), "cannot be read"),
            (answer_of(200, " " * (LIST_BYTES + 1)), "too large"),
            ("drop", "cannot be asked"),
            ("hang", "cannot be asked"),
        ],
        ids=lambda value: value[:40].strip() if isinstance(value, str) else "",
    )
    def test_what_is_no_answer(self, postmark: Postmark, answer: str, words: str) -> None:
        """Anything else is RecordsUnavailable, and says why without the token."""
        script, source = postmark
        for ask in (source.suppressions, lambda: source.lift("a@x.example")):
            script.answers = [answer]
            with pytest.raises(RecordsUnavailable, match=words) as raised:
                ask()
            assert TOKEN not in str(raised.value)
        assert source.suppressions() == []

    def test_an_answer_about_nothing(self, postmark: Postmark) -> None:
        """That it was lifted is believed only where it is said."""
        script, source = postmark
        script.answers = [answer_of(200, json.dumps({"Suppressions": []}))]
        with pytest.raises(RecordsUnavailable):
            source.lift("a@x.example")

    def test_the_token_never_crosses_a_network_in_the_clear(self) -> None:
        """Without TLS only this machine is asked."""
        with pytest.raises(ConfigError, match="unencrypted"):
            postmark_list("http://api.postmark.example")

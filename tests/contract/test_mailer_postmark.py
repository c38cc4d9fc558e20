"""The Postmark mailer beyond what every mailer does: what it writes, and what each answer means."""

from __future__ import annotations

import base64
import json

import pytest

from support.mail.mails import mail, settings
from support.mail.postmark_server import TOKEN, PostmarkScript, error, postmark_settings
from support.mail.scripted_server import answer_of
from support.places import ROOT
from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, Reason
from todoke.model.errors import ConfigError, SendDeferred, SendRefused, SendUnknown
from todoke.model.mail import Mailbox
from todoke.model.settings import Secret
from todoke.ports.diagnosis import Consultation, Verdict
from todoke.services.postmark.answers import FORBIDDEN_ATTACHMENT, INACTIVE, PENDING, SET_UP
from todoke.services.postmark.doctor import PostmarkDoctor
from todoke.services.postmark.facts import ask_postmark
from todoke.services.postmark.mailer import BODY_LIMIT, PostmarkMailer
from todoke.services.postmark.settings import TEST_TOKEN, PostmarkSettings
from todoke.walk.app import utc_now

Parts = tuple[PostmarkScript, PostmarkMailer, str]


class TestWhatIsWritten:
    def test_one_recipient_our_token_and_our_message_id(self, postmark: Parts) -> None:
        """The token is metadata, in no header field; nothing watches who reads."""
        script, mailer, _ = postmark
        answer = mailer.send(
            mail("aoi@例え.jp", reply_to=Mailbox(name="", address=Address("re@x.example")))
        )
        assert answer.service_id == "00000000-0000-0000-0000-000000000001"
        assert script.mails == [
            {
                "From": '"Example Site" <desk@example.org>',
                "To": "aoi@xn--r8jz45g.jp",
                "Subject": "A subject",
                "TextBody": "A text.\n",
                "HtmlBody": "<p>A text.</p>\n",
                "ReplyTo": "re@x.example",
                "MessageStream": "outbound",
                "Metadata": {"todoke-attempt": "t" * 26},
                "Headers": [
                    {"Name": "Message-ID", "Value": "<m1@example.org>"},
                    {"Name": "X-PM-KeepID", "Value": "true"},
                    {"Name": "Auto-Submitted", "Value": "auto-replied"},
                ],
                "TrackOpens": False,
                "TrackLinks": "None",
            }
        ]

    def test_odd_dots_of_a_local_part_stay_bare(self, postmark: Parts) -> None:
        """The letters that Postmark documents for a local part have dots anywhere, and no quotes."""
        script, mailer, _ = postmark
        box = Mailbox(name="Aya", address=Address("a.@docomo.ne.jp"))
        mailer.send(mail("aya..h@docomo.ne.jp", reply_to=box))
        [sent] = script.mails
        assert (sent["To"], sent["ReplyTo"]) == ("aya..h@docomo.ne.jp", '"Aya" <a.@docomo.ne.jp>')

    def test_stream_and_tag_are_the_site_s(self, postmark: Parts) -> None:
        """As the settings have them."""
        script, _, url = postmark
        mailer = PostmarkMailer(postmark_settings(url, message_stream="forms", tag="contact"))
        mailer.send(mail(html=""))
        assert [script.mails[0][key] for key in ("MessageStream", "Tag")] == ["forms", "contact"]
        assert "HtmlBody" not in script.mails[0]
        mailer.close()

    def test_a_name_cannot_end_itself(self, postmark: Parts) -> None:
        """Quotes and backslashes are escaped, so that no other address comes from a name."""
        script, mailer, _ = postmark
        mailer.send(
            mail(sender=Mailbox(name='a" <x@y.example>, \\"b', address=Address("desk@example.org")))
        )
        assert script.mails[0]["From"] == ('"a\\" <x@y.example>, \\\\\\"b" <desk@example.org>')

    def test_what_nobody_may_send_is_not_sent(self, postmark: Parts) -> None:
        """Too large, and addresses that the API does not take."""
        script, mailer, _ = postmark
        with pytest.raises(SendRefused) as caught:
            mailer.send(mail(text="x" * (BODY_LIMIT + 1)))
        assert caught.value.reason == Reason.TOO_LARGE
        with pytest.raises(SendRefused):
            mailer.send(mail("あおい@example.jp"))
        assert script.requests == []

    def test_the_token_never_travels_unencrypted(self) -> None:
        """Over http to another machine no mailer is made."""
        with pytest.raises(ConfigError, match="unencrypted"):
            PostmarkMailer(postmark_settings("http://api.postmark.example"))

    def test_what_it_proves(self) -> None:
        """Deliveries with a webhook; nothing with the test token, whose mails go nowhere."""
        url = "http://127.0.0.1:9"
        assert PostmarkMailer(postmark_settings(url)).ceiling is Ceiling.DELIVERED
        for changes in ({"webhook": False}, {"api_key": Secret(TEST_TOKEN)}):
            assert PostmarkMailer(postmark_settings(url, **changes)).ceiling is Ceiling.HANDED_OVER


SHARED = ("Invalid 'From' address: 'x'.", "The 'MessageStream' provided does not exist.")


class TestEveryAnswer:
    @pytest.mark.parametrize(
        ("answer", "caught", "stop_all", "reason"),
        [
            (error(401, 10), SendDeferred, True, "misconfigured"),
            (error(503, 100), SendDeferred, True, "other"),
            (error(422, 300, "Invalid 'To' address: 'x'."), SendRefused, None, "other"),
            *((error(422, 300, words), SendDeferred, False, "misconfigured") for words in SHARED),
            (
                error(
                    422, 300, "Error parsing 'To': illegal domain in address 'from@tag.example'."
                ),
                SendRefused,
                None,
                "other",
            ),
            (error(422, 400), SendDeferred, True, "misconfigured"),
            (error(422, 401), SendDeferred, True, "misconfigured"),
            (error(422, 402), SendDeferred, False, "other"),
            (error(422, 403), SendDeferred, False, "other"),
            (error(422, 405), SendDeferred, True, "misconfigured"),
            (error(422, 406), SendRefused, None, "suppressed"),
            (error(200, 406), SendRefused, None, "suppressed"),
            (error(422, 409), SendDeferred, False, "other"),
            (error(422, 411), SendRefused, None, "content"),
            (error(422, 412), SendDeferred, False, "misconfigured"),
            (error(422, 413), SendDeferred, True, "misconfigured"),
            (error(422, 9999), SendDeferred, False, "other"),
            (error(429, 429), SendDeferred, True, "other"),
            (error(500, 0), SendDeferred, False, "other"),
            (answer_of(413, "<h1>Too large"), SendRefused, None, "too_large"),
            (answer_of(401, ""), SendDeferred, True, "misconfigured"),
            (answer_of(404, "no such page"), SendDeferred, True, "misconfigured"),
            (answer_of(422, "{}"), SendDeferred, False, "other"),
            (answer_of(429, ""), SendDeferred, True, "other"),
            (answer_of(500, "{}"), SendDeferred, False, "other"),
            (answer_of(502, "<html>"), SendUnknown, True, None),
            (answer_of(503, ""), SendDeferred, True, "other"),
            (answer_of(504, ""), SendUnknown, True, None),
            (answer_of(301, ""), SendDeferred, False, "other"),
            (answer_of(200, "nonsense"), SendUnknown, False, None),
            (answer_of(200, '{"ErrorCode": 0, "Message": "OK"}'), SendUnknown, False, None),
            (answer_of(200, '{"ErrorCode": true, "MessageID": 7}'), SendUnknown, False, None),
        ],
    )
    def test_is_read(
        self,
        postmark: Parts,
        answer: str,
        caught: type[Exception],
        stop_all: bool | None,
        reason: str | None,
    ) -> None:
        """A fault of the set-up stops all and rejects nothing; what makes no sense is unknown."""
        script, mailer, _ = postmark
        script.answers.append(answer)
        with pytest.raises(caught) as found:
            mailer.send(mail())
        assert getattr(found.value, "stop_all", None) == stop_all
        assert getattr(found.value, "reason", None) == reason
        assert len(script.requests) == 1

    def test_a_wish_for_a_pause_is_passed_on(self, postmark: Parts) -> None:
        """Retry-After, where there is one."""
        script, mailer, _ = postmark
        script.answers.append(error(429, 429, "slow", "Retry-After: 7"))
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert caught.value.retry_after_seconds == 7

    @pytest.mark.parametrize("echo", [TOKEN, TOKEN[3:], base64.b64encode(TOKEN.encode()).decode()])
    def test_no_error_tells_the_token(self, postmark: Parts, echo: str) -> None:
        """Not even one whose words repeat it, or a part of it."""
        script, mailer, url = postmark
        script.answers.append(error(422, 300, f"bad token {echo}"))
        with pytest.raises(SendRefused) as caught:
            mailer.send(mail())
        told = repr(caught.value) + caught.value.diagnostic + repr(mailer)
        assert echo not in told
        assert "***" in told
        script.answers.append(error(500, 300, f"bad token {echo}"))
        asked = ask_postmark(
            postmark_settings(url).mail.own_as(PostmarkSettings), own=(), seconds=2
        )
        assert asked.server.error == "300 bad token ***"

    def test_a_wrong_token_stops_all(self, postmark: Parts) -> None:
        """As the server itself answers it."""
        mailer = PostmarkMailer(postmark_settings(postmark[2], api_key=Secret("another")))
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert (caught.value.code, caught.value.stop_all) == ("10", True)
        mailer.close()


def test_each_code_is_documented() -> None:
    """docs/services/postmark.md has each code of the tables."""
    page = (ROOT / "docs" / "services" / "postmark.md").read_text("utf-8")
    answers = page.partition("| Postmark answers |")[2].partition("##")[0]
    codes = {*SET_UP, INACTIVE, PENDING, FORBIDDEN_ATTACHMENT}
    assert {code for code in codes if str(code) not in answers} == set()


def test_settings_of_another_service_make_no_mailer() -> None:
    """Its token would be nothing for Postmark."""
    usual = settings()
    with pytest.raises(TypeError):
        PostmarkMailer(replace(usual, mail=replace(usual.mail, service="postmark")))


def test_the_server_of_the_tests_takes_what_the_documentation_asks_for(postmark: Parts) -> None:
    """Or else the tests above would prove nothing."""
    script, mailer, _ = postmark
    mailer.send(mail())
    start, headers, body = script.requests[0]
    assert start == "POST /email HTTP/1.1"
    assert headers["accept"] == headers["content-type"] == "application/json"
    assert json.loads(body)["To"] == mail().recipient


SERVER = {"Name": "forms", "DeliveryType": "Live", "ApiTokens": [TOKEN]}
DUMP = "/message-streams/outbound/suppressions/dump"
LISTED = {"Suppressions": [{"EmailAddress": "b@garden.example", "SuppressionReason": "HardBounce"}]}


class TestWhatTheDoctorAsks:
    def test_server_webhooks_and_the_site_s_own_addresses(self, postmark: Parts) -> None:
        """One question each, none of them sends anything."""
        script, _, url = postmark
        script.facts = {
            "/server": SERVER,
            "/webhooks?MessageStream=outbound": {"Webhooks": [{"ID": 1}]},
            f"{DUMP}?EmailAddress=a%40garden.example": {"Suppressions": []},
            f"{DUMP}?EmailAddress=b%40garden.example": LISTED,
        }
        own = postmark_settings(url).mail.own_as(PostmarkSettings)
        facts = ask_postmark(own, own=("a@garden.example", "b@garden.example"), seconds=5)
        assert facts.server.said["DeliveryType"] == "Live"
        assert facts.webhooks.said == {"Webhooks": [{"ID": 1}]}
        assert (facts.suppressed, facts.suppressions.error) == (["b@garden.example"], "")
        assert {start.split(" ")[0] for start, _, _ in script.requests} == {"GET"}

    def test_a_token_that_is_not_known_ends_it(self, postmark: Parts) -> None:
        """Nothing else is asked."""
        script, _, url = postmark
        own = replace(postmark_settings(url).mail.own_as(PostmarkSettings), api_key=Secret("x"))
        facts = ask_postmark(own, own=("a@garden.example",), seconds=5)
        assert (facts.server.status, facts.server.error[:3]) == (401, "10 ")
        assert len(script.requests) == 1

    @pytest.mark.parametrize("answer", ["drop", answer_of(200, "nonsense"), answer_of(502, "")])
    def test_no_answer_is_said(self, postmark: Parts, answer: str) -> None:
        """In a word, and without an exception."""
        script, _, url = postmark
        script.answers.append(answer)
        own = postmark_settings(url).mail.own_as(PostmarkSettings)
        assert ask_postmark(own, own=(), seconds=5).server.error

    def test_the_test_token_is_not_asked_about(self, postmark: Parts) -> None:
        """It takes all and sends nothing, which is what is said."""
        script, _, url = postmark
        site = postmark_settings(url, api_key=Secret(TEST_TOKEN))
        doctor = PostmarkDoctor(Consultation(settings=site, seconds=1.0, clock=utc_now))
        assert [check.status for check in doctor.look_at_mail()] == [Verdict.BAD]
        assert script.requests == []
        assert doctor.needs_of_domain().envelope is None

    def test_all_of_it_in_one(self, postmark: Parts) -> None:
        """Through the doctor, as the command asks."""
        script, _, url = postmark
        script.facts = {"/server": SERVER, "/webhooks": {"Webhooks": []}, DUMP: LISTED}
        usual = postmark_settings(url)
        site = replace(usual, site=replace(usual.site, alert_to=(Address("b@garden.example"),)))
        doctor = PostmarkDoctor(Consultation(settings=site, seconds=5.0, clock=utc_now))
        checks = {check.name: check.status.value for check in doctor.look_at_mail()}
        assert checks == {"mail": "good", "mail.events": "bad", "mail.suppressions": "bad"}

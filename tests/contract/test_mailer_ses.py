"""Amazon SES behind the Mailer port: each answer of its API, and what leaves, against a server on loopback.

The rules that all mailers keep are in test_mailer.py.
"""

from __future__ import annotations

import email
import email.policy
import socket
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session

from support.aws.emulators import ministack
from support.mail.mails import mail
from support.mail.ses_server import ACCOUNT, SesScript, error, ses_settings
from support.variants import replace
from todoke.mail.mime import header_names
from todoke.model.address import Address
from todoke.model.delivery import Ceiling
from todoke.model.errors import SendDeferred, SendRefused, SendUnknown
from todoke.model.mail import Mailbox
from todoke.services.ses.mailer import FIELD, TAG, SendRate, SesMailer
from todoke.services.ses.settings import SesSettings
from todoke.wiring import build

Parts = tuple[SesScript, SesMailer, str]
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-events"
NOT_VERIFIED = (
    "Email address is not verified. The following identities failed the check in region EU-WEST-1: "
)


def denied(resource: str) -> Any:
    """As SES refuses the right to a resource (the words of github.com/cloudposse/terraform-aws-ses/issues/40)."""
    return error(
        403,
        "AccessDeniedException",
        "User `arn:aws:sts::123456789012:assumed-role/forms-SenderRole/forms-Sender' is not authorized to perform"
        f" `ses:SendEmail' on resource `arn:aws:ses:eu-west-1:123456789012:{resource}'",
    )


class TestWhatLeaves:
    def test_the_call_is_as_documented(self, ses: Parts) -> None:
        """Raw MIME, one recipient, domains as A-labels, and the token as a tag and as a header field."""
        script, mailer, _ = ses
        box = Mailbox(name="", address=Address("help@bücher.test"))
        answer = mailer.send(mail("aoi@bücher.test", reply_to=box, subject="こんにちは"))
        assert answer.service_id == "0102-ses-1"
        (call,) = script.sent
        assert call.method == "POST"
        assert call.json["FromEmailAddress"] == "desk@example.org"
        assert call.json["Destination"] == {"ToAddresses": ["aoi@xn--bcher-kva.test"]}
        assert call.json["EmailTags"] == [{"Name": TAG, "Value": "t" * 26}]
        assert "ConfigurationSetName" not in call.json
        seen = email.message_from_bytes(call.mime, policy=email.policy.default)
        assert seen[FIELD] == "t" * 26
        assert seen["Subject"] == "こんにちは"
        assert seen["Reply-To"] == "help@xn--bcher-kva.test"
        assert seen["Auto-Submitted"] == "auto-replied"

    def test_odd_dots_of_a_local_part_are_quoted(self, ses: Parts) -> None:
        """In the destination and in the header: SES takes no bare ones."""
        script, mailer, _ = ses
        mailer.send(mail("aya..h@docomo.ne.jp"))
        (call,) = script.sent
        assert call.json["Destination"] == {"ToAddresses": ['"aya..h"@docomo.ne.jp']}
        assert b'To: "aya..h"@docomo.ne.jp\r\n' in call.mime

    def test_visitors_text_makes_no_header(self, ses: Parts) -> None:
        """The octets are those that SMTP carries: verified after they were written."""
        script, mailer, _ = ses
        mailer.send(mail(subject="=?utf-8?q?a?=\u2028 Bcc: x@y.test".replace("\u2028", "")))
        names = header_names(script.sent[0].mime.partition(b"\r\n\r\n")[0])
        assert "Bcc" not in names
        with pytest.raises(SendRefused):
            mailer.send(mail(subject="a\r\nBcc: x@y.test"))
        assert len(script.sent) == 1

    def test_the_configuration_set_and_the_address_for_returns(self, ses: Parts) -> None:
        """Both are told where they are set."""
        script, _, url = ses
        usual = ses_settings(url, configuration_set="site")
        usual = replace(
            usual, mail=replace(usual.mail, envelope_sender=Address("bounces@example.org"))
        )
        mailer = SesMailer(usual)
        mailer.send(mail())
        mailer.close()
        assert script.sent[0].json["ConfigurationSetName"] == "site"
        assert script.sent[0].json["FeedbackForwardingEmailAddress"] == "bounces@example.org"

    def test_what_the_service_cannot_take_is_refused_unsent(self, ses: Parts) -> None:
        """Too large, or a local part that is not ASCII."""
        script, mailer, _ = ses
        for sent, code in ((mail(text="x" * 31_000_000), "5.3.4"), (mail("葵@post.test"), "5.6.7")):
            with pytest.raises(SendRefused) as caught:
                mailer.send(sent)
            assert caught.value.status_code == code
        assert script.requests == []

    @pytest.mark.parametrize(
        ("changes", "ceiling"),
        [
            ({}, Ceiling.HANDED_OVER),
            ({"configuration_set": "site"}, Ceiling.HANDED_OVER),
            ({"topics": (TOPIC,)}, Ceiling.HANDED_OVER),
            ({"configuration_set": "site", "topics": (TOPIC,)}, Ceiling.DELIVERED),
        ],
    )
    def test_the_ceiling_is_no_higher_than_the_set_up(
        self, changes: dict[str, Any], ceiling: Ceiling
    ) -> None:
        """Only a configuration set together with a topic tells of deliveries."""
        assert SesMailer(ses_settings("http://127.0.0.1:1", **changes)).ceiling is ceiling


class TestEveryAnswer:
    @pytest.mark.parametrize(
        ("answer", "caught", "stop_all", "reason"),
        [
            (error(429, "TooManyRequestsException"), SendDeferred, True, None),
            (error(400, "Throttling", "Maximum sending rate exceeded."), SendDeferred, True, None),
            (error(400, "LimitExceededException"), SendDeferred, True, None),
            (error(503, "ServiceUnavailable"), SendDeferred, True, "other"),
            (error(500, "InternalFailure"), SendDeferred, False, "other"),
            ((404, b"<html>"), SendDeferred, True, "misconfigured"),
            ((302, b"", {"Location": "http://127.0.0.1:1/"}), SendDeferred, False, "other"),
            (error(400, "AccountSuspendedException"), SendDeferred, True, "misconfigured"),
            (error(400, "SendingPausedException"), SendDeferred, True, "misconfigured"),
            (error(400, "MailFromDomainNotVerifiedException"), SendDeferred, True, "misconfigured"),
            (
                error(404, "NotFoundException", "Configuration set <x> does not exist."),
                SendDeferred,
                True,
                "misconfigured",
            ),
            (
                error(400, "BadRequestException", "Configuration set <x> is bad."),
                SendDeferred,
                True,
                "misconfigured",
            ),
            (error(403, "AccessDeniedException"), SendDeferred, True, "misconfigured"),
            (denied("identity/desk@example.org"), SendDeferred, True, "misconfigured"),
            (denied("identity/example.org"), SendDeferred, True, "misconfigured"),
            (denied("configuration-set/todoke"), SendDeferred, True, "misconfigured"),
            (denied("identity/else.example"), SendDeferred, True, "misconfigured"),
            (denied("identity/Aoi@Example.net"), SendDeferred, False, "misconfigured"),
            (denied("identity/example.net"), SendDeferred, False, "misconfigured"),
            (error(403, "SignatureDoesNotMatch"), SendDeferred, True, "misconfigured"),
            (error(400, "ExpiredTokenException"), SendDeferred, True, "misconfigured"),
            (
                error(400, "MessageRejected", "Sending suspended for this account."),
                SendDeferred,
                True,
                "misconfigured",
            ),
            (
                error(400, "MessageRejected", NOT_VERIFIED + "desk@example.org"),
                SendDeferred,
                True,
                "misconfigured",
            ),
            (
                error(
                    400, "MessageRejected", NOT_VERIFIED + "D <desk@example.org>, aoi@example.net"
                ),
                SendDeferred,
                True,
                "misconfigured",
            ),
            (error(400, "MessageRejected", NOT_VERIFIED), SendDeferred, True, "misconfigured"),
            # The account is in the sandbox: this mail waits, others may leave.
            (
                error(400, "MessageRejected", NOT_VERIFIED + "<AOI@example.net>"),
                SendDeferred,
                False,
                "misconfigured",
            ),
            (
                error(400, "MessageRejected", "Address blacklisted."),
                SendRefused,
                None,
                "suppressed",
            ),
            (error(400, "MessageRejected", "Bad content"), SendRefused, None, None),
            (error(400, "BadRequestException", "Illegal address"), SendRefused, None, None),
            (
                error(400, "BadRequestException", "Illegal address <messagetag@x.example>"),
                SendRefused,
                None,
                None,
            ),
            ((502, b"<html>"), SendUnknown, True, None),
            ((504, b"<html>"), SendUnknown, True, None),
            ((200, {}), SendUnknown, False, None),
            ((200, b'{"MessageId": "1'), SendUnknown, False, None),
            ((200, b'["MessageId"]'), SendUnknown, False, None),
            ((200, b"{", {"Content-Length": "500"}), SendUnknown, False, None),
        ],
        ids=lambda value: str(value)[:60] if isinstance(value, tuple) else None,
    )
    def test_is_read(
        self,
        ses: Parts,
        answer: Any,
        caught: type[Exception],
        stop_all: bool | None,
        reason: str | None,
    ) -> None:
        """A fault of the account stops all and rejects nothing; what makes no sense is unknown."""
        script, mailer, _ = ses
        script.answers.append(answer)
        with pytest.raises(caught) as found:
            mailer.send(mail())
        assert getattr(found.value, "stop_all", None) == stop_all
        assert getattr(found.value, "reason", None) == reason
        assert len(script.sent) == 1

    def test_the_daily_quota_asks_for_a_long_rest(self, ses: Parts) -> None:
        """There is no use in asking again soon."""
        script, mailer, _ = ses
        script.answers.append(error(400, "Throttling", "Daily message quota exceeded."))
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert (caught.value.retry_after_seconds or 0) >= 600

    def test_a_wish_for_a_pause_is_passed_on(self, ses: Parts) -> None:
        """Retry-After, where there is one."""
        script, mailer, _ = ses
        script.answers.append(error(503, "ServiceUnavailable", **{"Retry-After": "7"}))
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert caught.value.retry_after_seconds == 7


class TestFaultsBeforeTheAnswer:
    @pytest.mark.usefixtures("aws_credentials")
    def test_no_server_stops_all(self) -> None:
        """Connection refused: nothing was written."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(SendDeferred) as caught:
            SesMailer(ses_settings(f"http://127.0.0.1:{port}")).send(mail())
        assert (caught.value.stop_all, caught.value.reason) == (True, "timed_out")

    def test_tls_that_fails_stops_all(self, ses: Parts) -> None:
        """Nothing was written."""
        mailer = SesMailer(ses_settings(ses[2].replace("http:", "https:")))
        with pytest.raises(SendDeferred) as caught:
            mailer.send(mail())
        assert (caught.value.stop_all, caught.value.reason) == (True, "misconfigured")
        mailer.close()

    def test_no_credentials_stops_all(self, ses: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is said, and nothing is asked."""
        script, _, url = ses
        for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(variable)
        with pytest.raises(SendDeferred) as caught:
            SesMailer(ses_settings(url)).send(mail())
        assert (caught.value.stop_all, caught.value.reason) == (True, "misconfigured")
        assert script.requests == []

    def test_no_region_stops_all(self, ses: Parts) -> None:
        """botocore finds none, in any of its places."""
        with pytest.raises(SendDeferred) as caught:
            SesMailer(ses_settings("", region="")).send(mail())
        assert (caught.value.stop_all, caught.value.reason) == (True, "misconfigured")

    def test_a_wrong_signature_tells_no_session_token(
        self, ses: Parts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """AWS repeats the header fields that it computed the signature of, and the token of a role's session is one."""
        script, _, url = ses
        token = "IQoJb3JpZ2luX2VjEXAMPLEtoken//////////wEaCXVzLWVhc3QtMSJHMEUC"
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
        words = f"The request signature does not match. x-amz-date:20261129\nx-amz-security-token:{token}\n\nhost"
        script.answers.append(error(403, "SignatureDoesNotMatch", words))
        with pytest.raises(SendDeferred) as caught:
            SesMailer(ses_settings(url)).send(mail())
        assert script.sent[0].headers["x-amz-security-token"] == token
        assert caught.value.diagnostic.endswith("x-amz-date:20261129\n***\n\nhost")

    def test_no_error_tells_a_secret_or_an_address(self, ses: Parts) -> None:
        """What went wrong on the way is named by its kind alone."""
        script, mailer, _ = ses
        for fault in ("drop", "hang"):
            script.answers.append(fault)
            with pytest.raises(SendUnknown) as caught:
                mailer.send(mail())
            told = repr(caught.value) + caught.value.diagnostic + repr(mailer)
            assert "aoi" not in told
            assert "SECRET" not in told


class TestPace:
    def test_an_account_that_is_never_too_fast_is_never_asked(self, ses: Parts) -> None:
        """One call for each mail."""
        script, mailer, _ = ses
        for _ in range(3):
            mailer.send(mail())
        assert len(script.requests) == 3

    def test_the_account_s_own_rate_is_kept_once_it_was_too_fast(self, ses: Parts) -> None:
        """It is asked once, and then mails leave one after the other."""
        script, mailer, _ = ses
        script.facts[ACCOUNT] = (200, {"SendQuota": {"MaxSendRate": 20.0}})
        script.answers += [error(400, "Throttling", "Maximum sending rate exceeded.")] * 2
        for _ in range(2):
            with pytest.raises(SendDeferred):
                mailer.send(mail())
        for _ in range(3):
            mailer.send(mail())
        assert [r.path for r in script.requests].count(ACCOUNT) == 1

    def test_mails_leave_one_after_the_other(self) -> None:
        """Each waits for its own turn; an hour later the rate is asked for again."""
        now, slept, asked = [100.0], [], []

        class Account:
            def get_account(self) -> Any:
                asked.append(now[0])
                return {"SendQuota": {"MaxSendRate": 4.0}}

        rate = SendRate(monotonic=lambda: now[0], sleep=slept.append)
        rate.wait(Account())
        rate.learn(Account())
        rate.learn(Account())
        for _ in range(3):
            rate.wait(Account())
        now[0] += 4000
        rate.wait(Account())
        assert slept == [0.0, 0.25, 0.5, 0.0]
        assert asked == [100.0, 4100.0]

    def test_a_rate_that_is_not_told_changes_nothing(self, ses: Parts) -> None:
        """The permission to ask may be missing."""
        script, mailer, _ = ses
        script.facts[ACCOUNT] = error(403, "AccessDeniedException")
        script.answers.append(error(429, "TooManyRequestsException"))
        with pytest.raises(SendDeferred):
            mailer.send(mail())
        assert mailer.send(mail()).service_id


def test_build_wires_it(ses: Parts, tmp_path: Path) -> None:
    """mail.service = "ses" gives this mailer, and with topics the hook."""
    usual = replace(ses_settings(ses[2]), data=tmp_path)
    app = build(usual)
    assert (app.mailer.name, dict(app.sources)) == ("ses", {})
    app.store.close()
    with_topics = replace(usual.mail, own=replace(usual.mail.own_as(SesSettings), topics=(TOPIC,)))
    app = build(replace(usual, mail=with_topics))
    assert list(app.sources) == ["ses"]
    app.store.close()


@pytest.mark.aws
@pytest.mark.usefixtures("aws_credentials")
def test_on_an_emulated_aws() -> None:
    """A verified sender's mail is taken; one that is not verified is a fault of the set-up, and stops all."""
    url = ministack().url
    client = get_session().create_client("sesv2", region_name="eu-west-1", endpoint_url=url)
    client.create_email_identity(EmailIdentity="desk@verified.test")
    client.close()
    taken = SesMailer(ses_settings(url, sender="desk@verified.test", timeout_seconds=10.0))
    refused = SesMailer(ses_settings(url, sender="desk@stranger.test", timeout_seconds=10.0))
    sender = Mailbox(name="Desk", address=Address("desk@verified.test"))
    assert taken.send(mail("desk@verified.test", sender=sender)).service_id
    with pytest.raises(SendDeferred) as caught:
        refused.send(mail(sender=replace(sender, address=Address("desk@stranger.test"))))
    assert (caught.value.stop_all, caught.value.reason) == (True, "misconfigured")
    taken.close()
    refused.close()

"""Files with a mail, by each service: what arrives is what was attached, and what is too much is refused as that."""

from __future__ import annotations

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import urllib3

from support.mail.mails import CONTACT, mail, settings, smtp_settings
from support.mail.postfix import DOMAIN, postfix
from support.mail.postmark_server import PostmarkScript
from support.mail.sandboxes import sandbox
from support.mail.ses_server import SesScript
from support.store.desk import Desk
from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Reason
from todoke.model.errors import SendRefused
from todoke.model.mail import Attachment, Mailbox
from todoke.model.message import Role
from todoke.model.settings import Room, Secret
from todoke.model.submission import Entry, File
from todoke.ports.mailer import Mailer
from todoke.services.customers_mail_cloud.mailer import CustomersMailCloudMailer
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.services.postmark.mailer import PostmarkMailer
from todoke.services.postmark.settings import PostmarkSettings
from todoke.services.ses.mailer import SesMailer
from todoke.services.ses.settings import SesSettings
from todoke.services.smtp.mailer import SmtpMailer
from todoke.testing import FakeMailer
from todoke.walk.app import App
from todoke.walk.send.attached import contents_of

FILES = (
    Attachment(name="報告書 2.pdf", media_type="application/pdf", content=bytes(range(256)) * 9),
    Attachment(name="_q_; x=_.txt", media_type="text/plain", content=b".\r\n..\n\r\nend"),
)
AS_READ = [(f.name, f.media_type, f.content) for f in FILES]


def files_in(read: EmailMessage) -> list[tuple[str | None, str, object]]:
    """Name, type and content of each file of a mail."""
    return [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in read.iter_attachments()
    ]


def filling(room: Room, spare: int = 0) -> Attachment:
    """One file that takes all the room that a service states, and `spare` octets more."""
    assert room.octets
    octets = (room.octets + spare) * 3 // 4 * 76 // 78
    return Attachment(name="a.png", media_type="image/png", content=b"x" * octets)


def refused(mailer: Mailer, attachment: Attachment) -> SendRefused:
    """How it is refused."""
    with pytest.raises(SendRefused) as caught:
        mailer.send(mail(attachments=(attachment,)))
    return caught.value


def test_by_smtp() -> None:
    """Through a real Postfix, dots and all; its SIZE is heeded before a word of it is written."""
    with postfix(size_limit=300_000) as server:
        mailer = SmtpMailer(smtp_settings(server.port, timeout_seconds=5.0))
        mailer.send(mail(f"kanri@{DOMAIN}", attachments=FILES))
        (arrived,) = server.mails(f"kanri@{DOMAIN}")
        assert files_in(arrived) == AS_READ
        body = arrived.get_body(("plain",))
        assert body
        assert body.get_content().replace("\r\n", "\n") == "A text.\n"
        large = Attachment(name="a", media_type="image/png", content=b"x" * 300_000)
        assert refused(mailer, large).reason is Reason.TOO_LARGE
        mailer.close()


def test_by_customers_mail_cloud(tmp_path: Path) -> None:
    """As parts of a form; the local service takes the call, and every other field of it arrives, too."""
    with sandbox(tmp_path) as url:
        own = CustomersMailCloudSettings(
            url=url, api_user="api@example.org", api_key=Secret("secret"), timeout_seconds=20.0
        )
        usual = settings()
        mailer = CustomersMailCloudMailer(replace(usual, mail=replace(usual.mail, own=own)))
        box = Mailbox(name="", address=Address("help@example.org"))
        sent = mail(subject="受付 <1>", html="<p>本文</p>", reply_to=box, attachments=FILES)
        answer = mailer.send(sent)
        listed = urllib3.request("GET", f"{url}/inbox.json").json()["messages"][0]
        whole = urllib3.request("GET", f"{url}/inbox/{listed['id']}.json").json()
        assert whole["message_id"] == answer.service_id
        read = message_from_bytes(whole["source"].encode(), policy=policy.default)
        assert files_in(read) == AS_READ
        assert (read["Subject"], read["Reply-To"]) == ("受付 <1>", "help@example.org")
        assert read["X-Api-Data"] == "t" * 26
        html = read.get_body(("html",))
        assert html
        assert html.get_content().strip() == "<p>本文</p>"
        assert mailer.send(mail(attachments=(filling(own.room),)))
        assert refused(mailer, filling(own.room, 1_500_000)).reason is Reason.TOO_LARGE
        mailer.close()


def test_by_ses(ses: tuple[SesScript, SesMailer, str]) -> None:
    """In the raw message."""
    script, mailer, _ = ses
    mailer.send(mail(attachments=FILES))
    (call,) = script.sent
    assert files_in(message_from_bytes(call.mime, policy=policy.default)) == AS_READ
    assert mailer.send(mail(attachments=(filling(SesSettings().room),)))
    assert refused(mailer, filling(SesSettings().room, 1_500_000)).reason is Reason.TOO_LARGE


def test_by_postmark(postmark: tuple[PostmarkScript, PostmarkMailer, str]) -> None:
    """As the API documents it."""
    script, mailer, _ = postmark
    mailer.send(mail(attachments=FILES))
    assert script.mails[0]["Attachments"] == [
        {
            "Name": f.name,
            "Content": base64.b64encode(f.content).decode(),
            "ContentType": f.media_type,
        }
        for f in FILES
    ]
    assert mailer.send(mail(attachments=(filling(PostmarkSettings().room),)))
    assert refused(mailer, filling(PostmarkSettings().room, 1_500_000)).reason is Reason.TOO_LARGE


def test_from_every_store(desk: Desk) -> None:
    """What was stored is what a claim finds to attach, by the sizes that it knows without the contents."""
    contents = (b"%PDF-1.7" * 9, b"x" * 500_000, b"y" * 400_000)
    entries = tuple(
        Entry("f", File(name=f"{n}.pdf", media_type="application/pdf", content=content))
        for n, content in enumerate(contents)
    )
    kept = desk.submission(entries=entries)
    desk.add(kept, desk.message(kept, Role.NOTIFICATION))
    (claim,) = desk.claim()
    form = replace(CONTACT, name=claim.submission.form, attach=550_000)
    usual = settings(forms={form.name: form})
    app = App(settings=usual, store=desk.store, mailer=FakeMailer(), clock=lambda: desk.now)
    assert {at: f.content for at, f in contents_of(app, claim).items()} == dict(
        enumerate(contents[:2])
    )

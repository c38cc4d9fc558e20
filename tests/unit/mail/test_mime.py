"""A Mail as octets: what is meant is what is read, and no text becomes a header."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.mails import NOW, mail
from support.variants import replace
from todoke.mail.mime import header_names, needs_smtputf8, refuse_smtputf8, serialise, wire
from todoke.model.address import Address
from todoke.model.errors import SendDeferred, SendError, SendRefused, SetUpFault
from todoke.model.mail import Mail, Mailbox

INTENDED = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]
# The trick of CVE-2024-6923: Python's own package decodes it into a real line when it writes.
TRICKS = (
    "=?utf-8?b?YQpCY2M6IHhAeQ==?=",
    "New message from =?utf-8?b?YQpCY2M6IHhAeQ==?=",
    "=?utf-8?q?a=0ABcc:_x@y?=",
    "=?utf-8?q?a=0D=0ABcc:_x@y?=",
)
PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200)
LINES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), max_size=2000)


def read(octets: bytes) -> EmailMessage:
    """What a reader makes of it."""
    return message_from_bytes(octets, policy=policy.default)


def head_of(octets: bytes) -> bytes:
    """The header block with its last line end."""
    return octets.partition(b"\r\n\r\n")[0] + b"\r\n"


def body_text(octets: bytes, kind: str) -> str:
    """One alternative's text with LF line ends."""
    part = read(octets).get_body((kind,))
    assert part is not None
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


def test_the_fields_are_those_intended() -> None:
    """Names and order of the header fields are fixed."""
    assert header_names(head_of(serialise(mail()))) == INTENDED


SHORT = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=11)


@given(PRINTABLE, SHORT)
def test_any_subject_and_name_come_back(subject: str, name: str) -> None:
    """Subject and display name are read back as they were given, and add no field."""
    subject, name = (" ".join(text.split()) for text in (subject, name))
    sent = mail(subject=subject, sender=Mailbox(name=name, address=Address("desk@example.org")))
    octets = serialise(sent)
    assert header_names(head_of(octets)) == INTENDED
    found = read(octets)
    assert subject == found["Subject"]
    assert name == found["From"].addresses[0].display_name
    assert found["From"].addresses[0].addr_spec == "desk@example.org"


@given(st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x3096), min_size=30, max_size=90))
def test_a_long_name_is_folded_into_encoded_words(name: str) -> None:
    """Each word is short and whole; joined, they are the name (RFC 2047 6.2)."""
    octets = serialise(mail(sender=Mailbox(name=name, address=Address("desk@example.org"))))
    assert max(len(line) for line in head_of(octets).split(b"\r\n")) <= 78
    written = message_from_bytes(octets)["From"]
    assert f"{name} <desk@example.org>" == str(make_header(decode_header(written)))


WIDE = st.text(
    st.sampled_from("a =?東京都\u200d\u0301é👩👧\ufe0f〜㈱")
    | st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=150,
)


@given(WIDE, WIDE, st.sampled_from(["X", "X-Note", "X-" + "n" * 62]))
def test_a_line_with_an_encoded_word_is_short(subject: str, name: str, field: str) -> None:
    """76 octets at most with the field's name (RFC 2047 2), 75 for a word, and the texts come back."""
    octets = serialise(
        mail(
            subject=subject,
            sender=Mailbox(name=name, address=Address("desk@example.org")),
            reply_to=Mailbox(name=name, address=Address("a" * 50 + "@example.org")),
            headers=((field, subject),),
        )
    )
    for line in head_of(octets).split(b"\r\n"):
        assert b"=?utf-8?B?" not in line or len(line) <= 76
        assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?B\?\S*", line))
    written = message_from_bytes(octets)
    for field_name in ("Subject", field):
        shown = "".join(part for part in str(make_header(decode_header(written[field_name]))))
        assert shown == subject


@given(LINES, LINES)
def test_any_text_comes_back(text: str, html: str) -> None:
    """Both alternatives are read back as they were given, with CRLF line ends and short lines on the wire."""
    octets = serialise(mail(text=text, html=html or "x"))
    assert (text, html or "x") == (body_text(octets, "plain"), body_text(octets, "html"))
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", octets) is None
    assert all(len(line) <= 78 for line in octets.split(b"\r\n"))
    assert octets.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        " \n \n",
        "a\r\nb\rc",
        "x" * 5_000,
        "é" * 5_000,
        "日" * 5_000,
        "a\t \nb ",
        "--=_\n",
        ".\n..\n",
        "\x00",
    ],
)
def test_awkward_texts_come_back(text: str) -> None:
    """Endless lines, trailing spaces, NUL, boundaries and dots survive."""
    wanted = text.replace("\r\n", "\n").replace("\r", "\n")
    octets = serialise(mail(text=text, html=text or "x"))
    assert wanted == body_text(octets, "plain")
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", octets) is None


def test_a_lone_surrogate_does_not_stop_a_mail() -> None:
    """JSON can carry half a character."""
    assert b"Subject" in serialise(mail(text="\ud83d alone", subject="\ud83d alone"))


@pytest.mark.parametrize("trick", TRICKS)
def test_an_encoded_word_stays_text(trick: str) -> None:
    """A text that looks like an encoded word is encoded by us, in every place, and read back as it was."""
    sent = mail(
        subject=trick,
        sender=Mailbox(name=trick, address=Address("desk@example.org")),
        headers=(("X-Form-Name", trick),),
    )
    octets = serialise(sent)
    intended = ["X-Form-Name" if name == "Auto-Submitted" else name for name in INTENDED]
    assert intended == header_names(head_of(octets))
    assert trick.encode() not in octets
    assert trick == read(octets)["Subject"]


@pytest.mark.parametrize(
    "bad", ["a\r\nBcc: x@y", "a\nb", "a\rb", "a\x00b", "a\x85b", "a\u2028b", "a\x0bb"]
)
@pytest.mark.parametrize("place", ["subject", "name", "header"])
def test_control_characters_in_a_header_are_refused(place: str, bad: str) -> None:
    """They can only come from a bug of ours; the mail does not leave. In the sender's name they are every mail's."""
    sent: Mail = {
        "subject": mail(subject=bad),
        "name": mail(sender=Mailbox(name=bad, address=Address("desk@example.org"))),
        "header": mail(headers=(("X-Form-Name", bad),)),
    }[place]
    with pytest.raises(SetUpFault if place == "name" else SendRefused):
        serialise(sent)


@pytest.mark.parametrize(
    ("sender", "recipient", "reply_to", "error"),
    [
        ("窓口@post.test", "aoi@post.test", "", SetUpFault),
        ("窓口@post.test", "葵@post.test", "", SetUpFault),
        ("desk@post.test", "葵@post.test", "", SendRefused),
        ("desk@post.test", "aoi@post.test", "窓口@post.test", SendDeferred),
    ],
)
def test_without_smtputf8_only_the_recipients_own_address_is_refused(
    sender: str, recipient: str, reply_to: str, error: type[SendError]
) -> None:
    """The site's own address is no fault of the mail: that waits until it is mended."""
    box = Mailbox(name="", address=Address(reply_to)) if reply_to else None
    sent = mail(recipient, sender=Mailbox(name="", address=Address(sender)), reply_to=box)
    assert needs_smtputf8(sent)
    with pytest.raises(SendError) as caught:
        refuse_smtputf8(sent, "no SMTPUTF8")
    assert type(caught.value) is error


@pytest.mark.parametrize("name", ["Bcc: x@y\r\nX", "X Y", "", "X:", "Ü"])
def test_a_malformed_field_name_is_refused(name: str) -> None:
    """A field's name is letters, digits and hyphens."""
    with pytest.raises(SendRefused):
        serialise(mail(headers=((name, "x"),)))


@pytest.mark.parametrize(
    "address", ["a@x.test,b@y.test", "a@x.test>\r\nBcc: b@y.test", "a", "", "a b@x.test"]
)
def test_only_one_plain_address_is_a_recipient(address: str) -> None:
    """Anything else is refused, 5.1.3."""
    with pytest.raises(SendRefused) as caught:
        serialise(mail(address))
    assert caught.value.status_code == "5.1.3"


def test_a_malformed_message_id_is_refused() -> None:
    """It is written as it is, so it is checked."""
    with pytest.raises(SendRefused):
        serialise(mail(message_id="<a@b>\r\nBcc: x@y"))


def test_idn_domains_are_a_labels_and_not_encoded_words() -> None:
    """An IDN domain in To, From and Reply-To is IDNA-encoded."""
    box = Mailbox(name="", address=Address("desk@bücher.test"))
    octets = serialise(mail("aoi@例え.test", sender=box, reply_to=box))
    assert b"\r\nTo: aoi@xn--r8jz45g.test\r\n" in octets
    assert b"\r\nReply-To: desk@xn--bcher-kva.test\r\n" in octets
    assert not needs_smtputf8(mail("aoi@例え.test"))


def test_a_non_ascii_local_part_is_utf8() -> None:
    """Only then does the mail need SMTPUTF8, and the address is as it was typed."""
    assert needs_smtputf8(mail("葵@post.test"))
    assert "\r\nTo: 葵@post.test\r\n".encode() in serialise(mail("葵@post.test"))


def test_a_mail_of_text_alone_has_one_part() -> None:
    """Without HTML there is no multipart."""
    assert read(serialise(mail(html=""))).get_content_type() == "text/plain"


def test_the_same_mail_gives_the_same_octets() -> None:
    """A retry sends what was sent before."""
    assert serialise(mail()) == serialise(replace(mail(), date=NOW))


def test_names_are_read_without_decoding_anything() -> None:
    """A folded line belongs to its field; a line without a colon is a field without a name."""
    assert header_names(b"A: x\r\n y\r\nB: z\r\nno colon\r\n") == ["A", "B", ""]


def test_wire_keeps_the_local_part() -> None:
    """Case and plus tags are the visitor's own."""
    assert wire(Address("Aoi+Tag@bücher.test")) == "Aoi+Tag@xn--bcher-kva.test"

"""The mails people get: what stands in them, and what never does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.linkers import links
from support.mail.mails import (
    CONTACT,
    GREETING,
    MANAGER,
    NOW,
    VISITOR,
    claim,
    repeating,
    settings,
    stem,
)
from support.places import CORPORA
from support.variants import replace
from todoke.mail.alert_words import alert_words
from todoke.mail.answers import FIELDS_LIMIT
from todoke.mail.compose import check_templates, compose
from todoke.mail.mime import header_names, serialise
from todoke.mail.template_faults import READ
from todoke.mail.templates import OURS
from todoke.mail.views import DARK
from todoke.model.address import Address
from todoke.model.colour import WHITE, contrast
from todoke.model.delivery import WITHHOLDING, DeliveryEvent, Kind, Permanence, Reason, standing
from todoke.model.form import Confirmation, Field
from todoke.model.ids import receipt_token
from todoke.model.language import LOCALE
from todoke.model.mail import Mailbox
from todoke.model.message import AttemptTimeline, MessageTimeline, Note, Role
from todoke.model.show import show_time
from todoke.model.submission import Entry, File
from todoke.model.zone import UTC_ZONE

CANARY = "CANARY-7f3a"
TRICK = "=?utf-8?b?YQpCY2M6IHhAeQ==?="


def every_role() -> pytest.MarkDecorator:
    """Run for each role."""
    return pytest.mark.parametrize("role", list(Role))


def intended(role: Role, *, reply_to: bool) -> list[str]:
    """The header fields a mail of this role has, and no others."""
    return [
        "Date",
        "From",
        "To",
        *(["Reply-To"] if reply_to else []),
        "Subject",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        *(["List-Id"] if role is Role.NOTIFICATION else []),
        "MIME-Version",
        "Content-Type",
    ]


def names_of(octets: bytes) -> list[str]:
    """The header fields that were written."""
    return header_names(octets.partition(b"\r\n\r\n")[0] + b"\r\n")


class _Tags(HTMLParser):
    """Collects the tags and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]


def tags_of(html: str) -> _Tags:
    """What a browser would find in it."""
    found = _Tags()
    found.feed(html)
    return found


class TestConfirmation:
    def test_goes_from_the_site_to_the_visitor(self) -> None:
        """From is the site's own; Reply-To only what the settings say; the Date never changes."""
        mail = compose(claim(Role.CONFIRMATION), settings())
        assert Mailbox(name="Example Site", address=Address("desk@example.org")) == mail.sender
        assert (
            mail.recipient,
            mail.reply_to,
            stem(mail.message_id),
            mail.date,
        ) == (VISITOR, None, "<m1@example.org>", NOW)
        usual = settings()
        answered = replace(usual, mail=replace(usual.mail, reply_to=Address("help@example.org")))
        reply_to = compose(claim(Role.CONFIRMATION), answered).reply_to
        assert Mailbox(name="", address=Address("help@example.org")) == reply_to

    def test_is_an_automatic_answer(self) -> None:
        """RFC 3834: nobody's vacation program answers it."""
        headers = dict(compose(claim(Role.CONFIRMATION), settings()).headers)
        assert headers == {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}

    @pytest.mark.parametrize("language", ["en", "ja"])
    def test_holds_no_text_of_the_visitor(self, language: str) -> None:
        """Names, values, files and unknown fields stay out of it."""
        entries = (
            Entry("name", CANARY),
            Entry("message", f"see https://{CANARY}.example/"),
            Entry(CANARY, CANARY),
            Entry("file", File(name=CANARY, media_type=CANARY, content=b"x")),
        )
        mail = compose(claim(Role.CONFIRMATION, entries, language=language), settings())
        assert CANARY not in mail.subject + mail.text + mail.html
        assert "Contact" in mail.text
        assert "Example Site" in mail.text

    @pytest.mark.parametrize(("language", "words"), [("en", "only sends"), ("ja", "送信専用")])
    def test_says_when_replies_go_nowhere(self, language: str, words: str) -> None:
        """Unless `reply_to` takes them."""
        made = claim(Role.CONFIRMATION, language=language)
        usual = settings()
        mail = compose(made, usual)
        assert words in mail.text
        assert words in mail.html
        answered = replace(usual, mail=replace(usual.mail, reply_to=Address("help@example.org")))
        mail = compose(made, answered)
        assert words not in mail.text + mail.html

    def test_holds_it_where_the_form_says_so(self) -> None:
        """include_answers repeats them, inert."""
        mail = compose(
            claim(Role.CONFIRMATION, (Entry("name", "<b>www.evil.test</b>"),)),
            settings(forms=repeating()),
        )
        assert "<b>www[.]evil[.]test</b>" in mail.text
        assert "&lt;b&gt;www[.]evil[.]test&lt;/b&gt;" in mail.html

    def test_never_repeats_it_to_an_address_given_later(self) -> None:
        """Whoever holds the receipt link may correct the address, and need not be the visitor."""
        made = claim(Role.CONFIRMATION, (Entry("name", CANARY),))
        for later, repeats in (("thief@example.com", False), (VISITOR.upper(), True)):
            attempt = replace(made.attempt, recipient=Address(later))
            mail = compose(replace(made, attempt=attempt), settings(forms=repeating()))
            assert (CANARY in mail.text, CANARY in mail.html) == (repeats, repeats)

    def test_the_subject_may_be_the_forms(self) -> None:
        """confirmation.subject is used as it is."""
        form = replace(CONTACT, confirmation=replace(CONTACT.confirmation, subject="Thanks!"))
        mail = compose(claim(Role.CONFIRMATION), settings(forms={"contact": form}))
        assert mail.subject == "Thanks!"

    def test_has_no_way_to_the_desk(self) -> None:
        """Neither the desk nor the receipt is linked from it."""
        mail = compose(claim(Role.CONFIRMATION), settings())
        for text in (mail.text, mail.html):
            assert text.count("door.example.org") == text.count("/not-me") == 1

    def test_leads_to_the_receipt_where_the_form_says_so(self) -> None:
        """To the visitor's own; a manager's mails never do, and without an address of the door nothing can."""
        form = replace(CONTACT, confirmation=Confirmation(receipt_link=True))
        made = claim(Role.CONFIRMATION)
        usual = settings(forms={"contact": form})
        link = f"https://door.example.org/s/{receipt_token(usual.secret, made.submission.id)}"
        mail = compose(made, usual)
        assert f"Open the receipt:\n{link}\n" in mail.text
        theirs, disowns, sites = tags_of(mail.html).links
        assert (theirs, sites) == (link, "https://example.org")
        assert disowns.endswith("/not-me")
        for role in (Role.NOTIFICATION, Role.ALERT):
            other = compose(claim(role), usual)
            assert "/s/" not in other.text + other.html
        lost = replace(usual, site=replace(usual.site, door_url=""))
        assert "/s/" not in compose(made, lost).text


class TestNotification:
    def test_answers_go_to_the_visitor(self) -> None:
        """Reply-To is the checked address, without a name."""
        assert Mailbox(name="", address=VISITOR) == compose(claim(), settings()).reply_to

    @pytest.mark.parametrize(
        "visitor", ["", "not an address", "a@b.test, c@d.test", "葵@example.net"]
    )
    def test_without_a_plain_address_there_is_no_reply_to(self, visitor: str) -> None:
        """Nothing that is not one address, or that would ask for SMTPUTF8, gets into the header."""
        mail = compose(claim(visitor=visitor), settings())
        assert mail.reply_to is None
        assert serialise(mail)

    def test_shows_every_answer(self) -> None:
        """Labels, options by their label, groups together, empty ones too; a password never."""
        entries = (
            Entry("name", "山田 葵"),
            Entry("topic", "s"),
            Entry("box", "one"),
            Entry("box", "two"),
            Entry("empty", ""),
            Entry("secret", CANARY),
            Entry("_phone", "03-0000"),
        )
        mail = compose(claim(entries=entries), settings())
        for shown in (
            "Your name:\n  山田 葵",
            "Topic:\n  Sales\n",
            "box:\n  one\n  two",
            "empty:\n  –",
            "_phone:\n  03-0000",
        ):
            assert shown in mail.text
        assert CANARY not in mail.text + mail.html
        assert "<br>\ntwo" in mail.html

    def test_a_secret_is_in_no_mail(self) -> None:
        """Of a form that takes any fields by its name; also where it could be taken for the visitor's message."""
        entries = (Entry("password", CANARY), Entry("name", "Aoi"))
        form = replace(CONTACT, fields=None)
        repeating = replace(
            form, confirmation=replace(form.confirmation, include_answers=True), fields=None
        )
        for role, shown in ((Role.NOTIFICATION, form), (Role.CONFIRMATION, repeating)):
            mail = compose(claim(role, entries=entries), settings(forms={"contact": shown}))
            assert CANARY not in mail.subject + mail.text + mail.html
            assert "(not shown in mails)" in mail.text

    def test_a_label_that_asks_has_no_colon_after_it(self) -> None:
        """A label's own punctuation is enough."""
        mail = compose(claim(entries=(Entry("How?", "so"), Entry("いつ？", "今"))), settings())
        assert "How?\n  so" in mail.text
        assert "いつ？\n  今" in mail.text

    def test_the_message_comes_first(self) -> None:
        """What the visitor wrote opens the mail, in both parts; the subject tells whose it is and what, on one line."""
        entries = (Entry("name", "Aoi\r\nBcc: x@evil.test"), Entry("message", "Good morning"))
        mail = compose(claim(entries=entries), settings())
        assert mail.text.startswith("Message:\n  Good morning\n")
        assert mail.html.index("Good morning") < mail.html.index("Your name")
        assert mail.subject == "Contact: Aoi Bcc: x[@]evil[.]test, Good morning (i9jabc)"

    def test_the_longest_text_area_is_the_message(self) -> None:
        """Without one, what is called so or is long; a name or a number never leads."""
        areas = replace(
            CONTACT,
            fields=(
                Field(name="short", kind="textarea"),
                Field(name="long", kind="textarea"),
                Field(name="line"),
            ),
        )
        typed = {"short": "a", "line": "b" * 99, "long": "cc"}
        for form, answers, lead in (
            (areas, typed, "long"),
            (areas, {"line": "b" * 99}, "line"),
            (areas, {"line": "b"}, "line"),
            (replace(CONTACT, fields=None), {"name": "Aoi", "message": "Hi"}, "message"),
            (replace(CONTACT, fields=None), {"name": "Aoi", "x": "Hi " * 30}, "x"),
            (replace(CONTACT, fields=None), {"name": "Aoi", "password": "Hi " * 30}, "name"),
        ):
            entries = tuple(Entry(name, value) for name, value in answers.items())
            mail = compose(claim(entries=entries), settings(forms={"contact": form}))
            assert mail.text.startswith(f"{lead}:\n")
            assert ('<p class="lead"' in mail.html) == (len(answers[lead]) > 1 and lead != "name")

    def test_labels_of_another_language_say_so(self) -> None:
        """WCAG 3.1.2: a voice reads each in its own; the page's own tag, else the form's language."""
        french = replace(CONTACT, page_language="fr-CA", title="Écrivez-nous")
        for form, language, lang in (
            (CONTACT, "en", ""),
            (CONTACT, "ja", "en"),
            (french, "en", "fr-CA"),
        ):
            made = claim(language=language, entries=(*GREETING, Entry("unknown", "x")))
            html = compose(made, settings(forms={"contact": form})).html
            stated = f' lang="{lang}"' if lang else ""
            assert f"<h1{stated} style" in html
            assert re.search(rf"<dt{stated} style[^>]*>Your name<", html)
            assert re.search(r"<dt style[^>]*>unknown<", html)  # its language is not known
            confirmed = compose(
                claim(Role.CONFIRMATION, language=language), settings(forms={"contact": form})
            )
            assert f"<span{stated}>{form.title}</span>" in confirmed.html

    @pytest.mark.parametrize("accent", ["#1d4e6f", "#ffd54a", "#ffffff", "#000000"])
    @every_role()
    def test_is_in_the_sites_colours(self, role: Role, accent: str) -> None:
        """The button's words can be read on it, and so can links on white and on dark."""
        usual = settings(
            forms={"contact": replace(CONTACT, confirmation=Confirmation(receipt_link=True))}
        )
        html = compose(
            claim(role, note=Note.BOUNCED),
            replace(usual, site=replace(usual.site, accent=accent)),
        ).html
        on = re.search(rf"background-color:{accent};color:(#[0-9a-f]{{6}})", html)
        assert on
        assert contrast(accent, on[1]) >= 4.5
        for words, sheet in (
            (r"\.link \{ color: (#\w{6})", DARK),
            (r'link".*?color:(#\w{6})', WHITE),
        ):
            for colour in re.findall(words, html):
                assert contrast(colour, sheet) >= 4.5
        assert f".sheet {{ background-color: {DARK}" in html

    @pytest.mark.parametrize("language", ["en", "ja"])
    def test_is_small_and_its_first_line_tells(self, language: str) -> None:
        """Gmail cuts at 102 kB; a preview shows how the message begins and not the site's name."""
        mail = compose(claim(language=language), settings())
        assert len(serialise(mail)) < 15_000
        shown = re.search(r'<div style="display:none[^>]*>(.*?)</div>', mail.html)
        assert shown
        assert shown[1] == "Good morning"

    def test_long_answers_leave_room_for_short_ones(self) -> None:
        """What a manager must have to answer is not lost behind what somebody pasted."""
        long = tuple(Entry(f"f{n}", "<&>\n" * 9_000) for n in range(9))
        entries = (*long, Entry("name", "Aoi"), Entry("email", VISITOR))
        mail = compose(claim(entries=entries), settings())
        assert len(mail.html.encode()) < 102_000
        assert "Your name:\n  Aoi\n" in mail.text
        assert mail.text.count("(shortened; the whole answer is at the desk)") == 9

    def test_many_files_are_counted(self) -> None:
        """The first hundred by name."""
        file = File(name="語" * 200, media_type="x" * 200, content=b"")
        mail = compose(claim(entries=tuple(Entry("f", file) for _ in range(120))), settings())
        assert len(mail.html.encode()) < 102_000
        for part in (mail.text, mail.html):
            assert "20 more files are not named here." in part

    def test_broken_addresses_are_explained_where_there_are_any(self) -> None:
        """In a notification, and in a confirmation that repeats the answers."""
        for role in (Role.NOTIFICATION, Role.CONFIRMATION):
            for typed, explained in (("see evil.test", True), ("see you", False)):
                entries = (Entry("message", typed),)
                mail = compose(claim(role, entries), settings(forms=repeating()))
                assert ("so that nobody opens them" in mail.text) == explained
                assert ("so that nobody opens them" in mail.html) == explained

    def test_says_that_nobody_checked(self) -> None:
        """The sender is called unverified, in both parts."""
        mail = compose(claim(), settings())
        assert "Unverified sender" in mail.text
        assert "Unverified sender" in mail.html

    def test_can_be_filtered(self) -> None:
        """List-Id names the form."""
        headers = dict(compose(claim(), settings()).headers)
        assert headers["List-Id"] == "<contact.forms.example.org>"
        assert headers["Auto-Submitted"] == "auto-generated"

    def test_lists_files_and_links_the_desk(self) -> None:
        """Name, type and size; the content only at the desk, the one link of the mail."""
        file = File(name="a\u202egpj.exe\r\n", media_type="image/png", content=b"x" * 1500)
        mail = compose(claim(entries=(Entry("photo", file),)), settings())
        assert "a⟨U+202E⟩gpj[.]exe (image/png, 1.5 kB)" in mail.text
        desk = "https://door.example.org/desk/06s4k0b2c3d4e5f6g7h8i9jabc"
        assert desk in mail.text
        assert [desk] == tags_of(mail.html).links

    def test_what_steers_or_hides_is_shown(self) -> None:
        """Bidi controls, NUL, escapes, zero widths and undecodable bytes are visible."""
        entries = (
            Entry("a", "x\u202ey\x00\x1b[31m\u200b\ud83d"),
            Entry("b", "\ufffd", raw=b"\x83"),
        )
        text = compose(claim(entries=entries), settings()).text
        assert "x⟨U+202E⟩y␀␛[31m⟨U+200B⟩\ufffd" in text
        assert "some characters could not be read; the original bytes are kept" in text

    @pytest.mark.parametrize(
        ("typed", "shown"),
        [
            ("https://evil.test/a.b", "https[:]//evil[.]test/a[.]b"),
            ("WWW.evil.test", "WWW[.]evil[.]test"),
            ("evil.test/login", "evil[.]test/login"),
            ("evil.test:8080", "evil[.]test[:]8080"),
            ("javascript:alert(1)", "javascript[:]alert(1)"),
            ("3.5/10, e.g. this; 12:30", "3.5/10, e.g. this; 12:30"),
            ("me@elsewhere.test", "me[@]elsewhere[.]test"),
            (VISITOR, VISITOR),
        ],
    )
    def test_nothing_can_be_clicked(self, typed: str, shown: str) -> None:
        """Addresses of pages are broken visibly, honest text is not."""
        mail = compose(claim(entries=(Entry("message", typed),)), settings())
        assert f"\n  {shown}\n" in mail.text

    def test_much_is_cut_and_said(self) -> None:
        """Long answers and many fields are shortened with a note; the mail stays small."""
        entries = tuple(Entry(f"f{n}", "語" * 30_000) for n in range(400))
        mail = compose(claim(entries=entries), settings())
        assert "shortened; the whole answer is at the desk" in mail.text
        assert re.search(r"\d+ more fields are not shown here", mail.text)
        assert len(mail.html.encode()) < 102_000  # where Gmail cuts
        many = tuple(Entry(f"f{n}", "x") for n in range(1000))
        assert f"{1000 - FIELDS_LIMIT} more fields" in compose(claim(entries=many), settings()).text

    def test_a_form_that_is_gone_loses_no_message(self) -> None:
        """A submission outlives its form's settings."""
        mail = compose(claim(form="old"), settings())
        assert "old" in mail.subject
        assert "Good morning" in mail.text

    def test_is_in_the_language_of_the_message(self) -> None:
        """Japanese for Japanese."""
        mail = compose(claim(language="ja"), settings())
        assert mail.subject == "Contact：Aoi、Good morning（i9jabc）"
        assert '<html lang="ja">' in mail.html

    def test_the_visitors_text_is_only_data(self) -> None:
        """Template syntax comes out as it went in."""
        mail = compose(claim(entries=(Entry("message", "{{ 7*7 }}{% raw %}${7*7}"),)), settings())
        assert "{{ 7*7 }}{% raw %}${7*7}" in mail.text

    @given(st.text(max_size=300), st.text(max_size=80))
    def test_any_text_leaves_headers_and_tags_alone(self, value: str, name: str) -> None:
        """Whatever is typed: the same header fields, the same tags, the same one link."""
        entries = (Entry(name, value), Entry("f", File(name=value, media_type=name, content=b"")))
        mail = compose(claim(entries=entries), settings())
        assert intended(Role.NOTIFICATION, reply_to=True) == names_of(serialise(mail))
        plain = compose(
            claim(
                entries=(
                    Entry("a", "b"),
                    Entry("long", "x" * 99),
                    Entry("f", File(name="c", media_type="d", content=b"")),
                )
            ),
            settings(),
        )
        assert tags_of(plain.html).tags | {"br", "small"} >= tags_of(mail.html).tags
        assert tags_of(plain.html).links == tags_of(mail.html).links


class TestAlert:
    def about(self, kind: Kind, role: Role = Role.CONFIRMATION, **event: object) -> MessageTimeline:
        """A message to which something happened."""
        made = claim(role)
        happened = DeliveryEvent(
            kind=kind,
            at=NOW,
            received_at=NOW,
            service="smtp",
            token=made.attempt.token,
            **event,  # type: ignore[arg-type]
        )
        told = AttemptTimeline(
            attempt=made.attempt,
            events=(happened,),
            standing=standing([happened], recipient=made.attempt.recipient, started_at=NOW),
        )
        return MessageTimeline(message=made.message, attempts=(told,), due_at=None)

    def test_says_what_for_whom_and_why(self) -> None:
        """The address, the reason in words, the server's answer, and what to do."""
        about = self.about(
            Kind.BOUNCED,
            permanence=Permanence.HARD,
            reason=Reason.UNKNOWN_ADDRESS,
            status_code="5.1.1",
            diagnostic="550 5.1.1 <aoi@example.net> unknown, see https://help.test/x",
        )
        mail = compose(claim(Role.ALERT, note=Note.BOUNCED, about="m0"), settings(), about)
        assert mail.subject == "A mail did not arrive: Contact (i9jabc)"
        for shown in (
            "The confirmation to the visitor (aoi@example.net) came back",
            "There is no mailbox with this address",
            "550 5.1.1 <aoi[@]example[.]net> unknown, see https[:]//help[.]test/x",
            "they can correct it on their receipt page",
            "stored and safe",
        ):
            assert shown in mail.text
        assert mail.reply_to is None

    @pytest.mark.parametrize("role", [Role.CONFIRMATION, Role.NOTIFICATION])
    def test_shows_what_the_reader_needs_to_act(self, role: Role) -> None:
        """Name, telephone number, how the message begins, inert; and the address where it is not what failed."""
        form = replace(CONTACT, fields=(*(CONTACT.fields or ()), Field(name="n", kind="tel")))
        entries = (
            Entry("name", "Aoi"),
            Entry("n", "tel:03-0000-0000"),
            Entry("message", "word " * 200 + "www.evil.test"),
        )
        about = self.about(Kind.BOUNCED, role)
        made = claim(Role.ALERT, entries, note=Note.BOUNCED, about="m0")
        mail = compose(made, settings(forms={"contact": form}), about)
        call = "Call the visitor: they gave the telephone number tel[:]03-0000-0000."
        for part in (mail.text, mail.html.replace("<strong>", "")):
            assert (call in part) == (role is Role.CONFIRMATION)
            assert "Name: Aoi" in part
            assert "Telephone: tel[:]03-0000-0000" in part
            assert "Message: word word" in part
            assert "word " * 70 not in part
            assert (f"Mail address: {VISITOR}" in part) == (role is Role.NOTIFICATION)

    def test_of_a_silent_service_names_nobody(self) -> None:
        """It is about no message in particular."""
        mail = compose(claim(Role.ALERT, note=Note.SILENT), settings(), self.about(Kind.SILENT))
        assert "Name: " not in mail.text + mail.html

    def test_tells_of_a_corrected_address(self) -> None:
        """Both addresses are named."""
        about = self.about(Kind.BOUNCED)
        about = replace(about, message=replace(about.message, recipient=Address("new@example.net")))
        mail = compose(claim(Role.ALERT, note=Note.CORRECTED), settings(), about)
        assert "it was aoi@example.net and is now new@example.net" in mail.text

    def test_tells_a_manager_of_a_managers_mail(self) -> None:
        """A notification that failed sends the reader to the desk."""
        about = self.about(Kind.REJECTED, Role.NOTIFICATION, reason=Reason.POLICY)
        words = alert_words("rejected", about, "en")
        assert f"The notification to {MANAGER} was refused by the mail service" in words.happened
        assert words.advice[0].startswith("Read the message at the desk")

    def test_tells_that_the_service_is_silent(self) -> None:
        """Since when nothing was reported, what it means, and what to check."""
        about = self.about(Kind.SILENT, diagnostic="")
        mail = compose(claim(Role.ALERT, note=Note.SILENT, about="m0"), settings(), about)
        assert mail.subject == "The mail service has stopped reporting: Contact (i9jabc)"
        [noted] = about.attempts[0].events
        for shown in (
            f"has reported nothing since {show_time(noted.at, UTC_ZONE, 'en')}",
            "whether they arrive is not known",
            "is it switched on",
            "todoke reconcile",
        ):
            assert shown in " ".join(mail.text.split())
        assert "The mail server said" not in mail.text

    @pytest.mark.parametrize("note", Note)
    @pytest.mark.parametrize("language", ["en", "ja"])
    def test_every_note_has_words(self, note: Note, language: str) -> None:
        """Also when the message it tells of is gone."""
        for about in (
            None,
            self.about(Kind.FAILED, reason=Reason.TIMED_OUT),
            self.about(Kind.COMPLAINED),
        ):
            mail = compose(claim(Role.ALERT, note=note, language=language), settings(), about)
            assert mail.subject
            assert len(mail.text) > 100

    @pytest.mark.parametrize("reason", sorted(set(Reason) - WITHHOLDING - {Reason.DISOWNED}))
    def test_every_reason_has_words(self, reason: Reason) -> None:
        """In plain language."""
        assert len(alert_words("bounced", self.about(Kind.BOUNCED, reason=reason), "ja").why) > 5


class TestOwnersTemplates:
    def test_take_our_place(self, tmp_path: Path) -> None:
        """The form's own before those of all forms; a subject block is the subject."""
        (tmp_path / "notification.txt").write_text("all forms")
        folder = tmp_path / "contact"
        folder.mkdir()
        (folder / "notification.txt").write_text(
            "{% block subject %}Hey {{ form.title }}{% endblock %}\n"
            "{% for a in answers %}{{ a.name }}={{ a.text }};{% endfor %}"
        )
        mail = compose(claim(), settings(templates=tmp_path))
        assert (mail.subject, mail.text, mail.html) == (
            "Hey Contact",
            "name=Aoi;message=Good morning;\n",
            "",
        )

    def test_see_only_what_is_inert(self, tmp_path: Path) -> None:
        """Names of unknown fields too; those of the form's own fields are the site's words and stay."""
        loop = "{% for a in answers %}{{ a.name }}|{{ a.label }}|{{ a.text }}\n{% endfor %}"
        (tmp_path / "notification.txt").write_text(loop)
        field = Field(name="contact.name", label="Name")
        form = replace(CONTACT, fields=(field,))
        entries = (Entry("contact.name", "x"), Entry("see https://evil.test \x1b\r\nTotal: 0", "v"))
        text = compose(
            claim(entries=entries), settings(templates=tmp_path, forms={"contact": form})
        ).text
        assert text.splitlines() == [
            "contact.name|Name|x",
            "see https[:]//evil[.]test ␛ Total: 0|see https[:]//evil[.]test ␛ Total: 0|v",
        ]

    def test_may_begin_with_a_byte_order_mark(self, tmp_path: Path) -> None:
        """Some editors write one; it is no part of the text."""
        words = "{% block subject %}Hi{% endblock %}Hello\n"
        (tmp_path / "notification.txt").write_text(words, encoding="utf-8-sig")
        (tmp_path / "notification.html").write_text("<p>Hello</p>", encoding="utf-8-sig")
        mail = compose(claim(), settings(templates=tmp_path))
        assert (mail.subject, mail.text, mail.html) == ("Hi", "Hello\n", "<p>Hello</p>")

    def test_may_be_html_alone(self, tmp_path: Path) -> None:
        """The text is ours then, and values are escaped."""
        (tmp_path / "notification.html").write_text("<p>{{ answers[0].text }}</p>")
        mail = compose(claim(entries=(Entry("a", "<i>"),)), settings(templates=tmp_path))
        assert mail.html == "<p>&lt;i&gt;</p>"
        assert "Unverified sender" in mail.text

    def test_may_extend_ours(self, tmp_path: Path) -> None:
        """Only the subject is changed."""
        (tmp_path / "notification.txt").write_text(
            '{% extends "todoke/notification.txt" %}{% block subject %}News! {{ super() }}{% endblock %}'
        )
        mail = compose(claim(), settings(templates=tmp_path))
        assert mail.subject == "News! Contact: Aoi, Good morning (i9jabc)"
        assert "Good morning" in mail.text

    @pytest.mark.parametrize(
        "template",
        [
            "{{ nothing.there }}",
            "{% if %}",
            "{{ 1/0 }}",
            "{{ answers[0].text.__class__.__mro__ }}",
            "{% include 'missing.txt' %}",
            "{{ ''.join(answers) }}",
            "{% for x in range(10**9) %}{% endfor %}",
            "{% include '../secret.txt' %}",
        ],
    )
    def test_a_mail_is_never_lost_for_a_template(
        self, tmp_path: Path, template: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Ours goes out instead, and it is logged without any value."""
        folder = tmp_path / "templates"
        folder.mkdir()
        (tmp_path / "secret.txt").write_text("s")
        (folder / "notification.txt").write_text(template)
        made = settings(templates=folder)
        mail = compose(claim(entries=(Entry("a", CANARY),)), made)
        assert CANARY in mail.text
        assert "template_failed" in caplog.text
        assert CANARY not in caplog.text
        assert check_templates(folder, made)

    def test_see_no_secret_and_no_answers_of_a_confirmation(self, tmp_path: Path) -> None:
        """What a confirmation may not hold is not there to be used."""
        (tmp_path / "confirmation.txt").write_text(
            "[{{ answers|length }}{{ files|length }}{{ desk_url }}]"
        )
        mail = compose(claim(Role.CONFIRMATION), settings(templates=tmp_path))
        assert mail.text == "[00]\n"

    def test_good_ones_pass_the_check(self, tmp_path: Path) -> None:
        """Ours, as owners would copy them, have no fault."""
        for name in READ:
            (tmp_path / name).write_text((OURS / name).read_text())
        assert check_templates(tmp_path, settings()) == ()


@every_role()
@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_text_becomes_a_header(role: Role, language: str) -> None:
    """The trick of CVE-2024-6923 in every place a visitor can write to adds no header field."""
    for bad in (TRICK, "a\r\nBcc: x@y.test", "a\nBcc: x@y.test\n\nbody", "\u2028Bcc: x@y"):
        entries = (Entry(bad, bad), Entry("f", File(name=bad, media_type=bad, content=b"x")))
        made = claim(role, entries, language=language, note=Note.BOUNCED)
        about = TestAlert().about(Kind.BOUNCED, diagnostic=bad)
        octets = serialise(compose(made, settings(forms=repeating()), about))
        assert intended(role, reply_to=role is Role.NOTIFICATION) == names_of(octets)


def payloads() -> Iterator[str]:
    """Attack strings, where the corpora are."""
    folder = CORPORA / "payloads"
    yield from json.loads((folder / "blns" / "blns.json").read_text("utf-8"))
    for path in sorted((folder / "fuzzdb").rglob("*.txt")):
        yield from path.read_bytes().decode("utf-8", "replace").split("\n")


@pytest.mark.skipif(
    not (CORPORA / "payloads").is_dir(), reason="the payloads are not here (TODOKE_CORPORA)"
)
def test_attack_strings_are_inert() -> None:
    """Thousands of payloads: the same headers, no active tag, no link but the desk's."""
    usual = (Entry("a", "b"), Entry("long", "x" * 99))
    allowed = tags_of(compose(claim(entries=usual), settings()).html)
    everything = list(payloads())
    for start in range(0, len(everything), 40):
        entries = tuple(
            Entry(f"f{n} {text}", text) for n, text in enumerate(everything[start : start + 40])
        )
        mail = compose(claim(entries=entries), settings())
        found = tags_of(mail.html)
        assert intended(Role.NOTIFICATION, reply_to=True) == names_of(serialise(mail))
        assert allowed.tags | {"br", "small"} >= found.tags
        assert allowed.attributes >= found.attributes
        assert allowed.links == found.links


def test_every_sentence_is_in_the_catalog() -> None:
    """What the mails say in English, they say in Japanese."""
    said = set()
    sources = [
        *OURS.iterdir(),
        *(OURS.parent / name for name in ("alert_words.py", "answers.py", "compose.py")),
    ]
    for path in sources:
        for found in re.finditer(
            r'\b(?:t|_|N_|say)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', path.read_text("utf-8")
        ):
            said.add("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found[1])))
    catalog = (LOCALE / "ja" / "LC_MESSAGES" / "mail.po").read_text("utf-8")
    written = set(re.findall(r'^msgid "((?:[^"\\]|\\.)+)"', catalog, re.MULTILINE))
    assert said == written


HOSTILE = st.lists(
    st.sampled_from(
        (
            *("evil.com", "https://", "www.", "mailto:", "tel:", "a@b.com", "//", "пример.рф"),
            *("\u200b", "\u202e", "x", ".", "<b>", "&", " ", "\r\n"),
        )
    ),
    max_size=8,
).map("".join)


@given(HOSTILE, HOSTILE, st.sampled_from(sorted(Role)), st.sampled_from(["en", "ja"]))
def test_what_strangers_wrote_links_to_nothing(
    one: str, other: str, role: Role, language: str
) -> None:
    """No linker finds more in a mail, text or HTML, than the site, the desk and mail to the checked addresses."""
    entries = (
        Entry(one, other),
        Entry("name", one),
        Entry("email", VISITOR),
        Entry("message", other),
        Entry("f", File(name=one, media_type=other, content=b"")),
    )
    made = claim(role, entries, language=language, note=Note.BOUNCED)
    made = replace(made, submission=replace(made.submission, signals=(one,)))
    about = TestAlert().about(Kind.BOUNCED, diagnostic=f"550 {one} {other}", status_code="5.1.1")
    mail = compose(made, settings(forms=repeating()), about)
    texts = "\n".join(tags_of(mail.html).texts)
    wanted = {"https://example.org", f"mailto:{VISITOR}"}
    for shown in (mail.subject, mail.text, texts):
        found = {link for link in links(shown) if not link.startswith("https://door.example.org/")}
        assert found <= wanted


CHOICES = st.tuples(
    st.sampled_from(["en", "ja"]),
    st.sampled_from(["Example Site", "Another"]),
    st.sampled_from(["hello", "good night", "\ud83d"]),
)


class TestMessageId:
    """RFC 5322 3.6.4: one Message-ID for one content."""

    @given(st.sampled_from(sorted(Role)), st.lists(CHOICES, min_size=2, max_size=2))
    def test_it_is_the_same_for_the_same_content_and_for_no_other(
        self, role: Role, chosen: list[tuple[str, str, str]]
    ) -> None:
        """Whatever changed between two attempts of one message: language, site, answers. The token is no content."""
        mails = []
        for token, (language, name, text) in zip("ab", chosen, strict=True):
            usual = settings(forms=repeating())
            site = replace(usual, site=replace(usual.site, name=name))
            made = claim(role, (Entry("message", text),), language=language)
            made = replace(made, attempt=replace(made.attempt, token=token * 26))
            mails.append(compose(made, site))
        bare = [replace(mail, message_id="<a@b>") for mail in mails]
        same = serialise(bare[0]) == serialise(bare[1])
        assert same == (mails[0].message_id == mails[1].message_id)
        assert stem(mails[0].message_id) == stem(mails[1].message_id)

    def test_the_octets_of_an_attempt_are_the_same_each_time(self) -> None:
        """Date and boundary too are made of the message alone."""
        one, other = (serialise(compose(claim(), settings())) for _ in range(2))
        assert one == other

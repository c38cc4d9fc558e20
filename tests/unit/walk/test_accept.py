"""Accepting: what an entry list becomes before anything is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from todoke.forms.managers import managers_of
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.form import Confirmation, Field, Form, Managers, Site
from todoke.model.mail import Mailbox
from todoke.model.message import Role
from todoke.model.settings import MailSettings, Settings
from todoke.model.submission import Entry, File
from todoke.walk.accept import Context, Prepared, prepare
from todoke.walk.app import App

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
CONTEXT = Context(language="ja", remote="192.0.2.1", user_agent="Browser")


def app_of(*forms: Form) -> App:
    """An application of which only the settings and the clock are used."""
    settings = Settings(
        site=Site(name="Hoshino", url="https://www.example.com/"),
        mail=MailSettings(
            service="smtp", sender=Mailbox(name="Desk", address=Address("desk@例え.jp"))
        ),
        forms={form.name: form for form in forms},
        data=Path("unused"),
        secret=b"s" * 32,
    )
    return App(settings=settings, store=None, mailer=None, clock=lambda: NOW)  # type: ignore[arg-type]


CONTACT = Form(
    name="contact",
    fields=(Field(name="email", kind="email", required=True), Field(name="message")),
    managers=Managers(fixed=(Address("desk@example.com"),)),
)
ENTRIES = (Entry("email", "aoi@example.net"), Entry("message", "hello"))


def prepared(form: Form = CONTACT, entries=ENTRIES, context: Context = CONTEXT) -> Prepared:
    """What `prepare` makes of good answers."""
    found = prepare(app_of(form), form, entries, context)
    assert isinstance(found, Prepared), found
    return found


def test_the_visitor_gets_a_confirmation_and_each_manager_a_notification():
    """One message per recipient, each with a Message-ID in the sender's own domain."""
    found = prepared()
    assert [(m.role, m.recipient, m.language) for m in found.messages] == [
        (Role.CONFIRMATION, "aoi@example.net", "ja"),
        (Role.NOTIFICATION, "desk@example.com", "en"),
    ]
    assert len({m.message_id for m in found.messages}) == 2
    assert all(m.message_id.endswith("@xn--r8jz45g.jp>") for m in found.messages)


def test_the_token_is_derived_and_only_its_hash_is_kept():
    """The receipt link's token can be computed again, and does not stand in the submission."""
    found = prepared()
    assert found.token == ids.receipt_token(b"s" * 32, found.submission.id)
    assert found.submission.token_hash == ids.receipt_hash(found.token)
    assert found.token not in repr(found.submission)


def test_all_requests_share_the_patience_for_patterns():
    """So that many slow values at once cost little more than one; what cannot be judged in time is taken."""
    form = Form(
        name="slow",
        fields=(Field(name="code", pattern=r"(?:(z+)(\w+)\s?)+\1"),),
        managers=Managers(fixed=(Address("desk@example.com"),)),
    )
    app = app_of(form)
    for n in range(3):
        found = prepare(app, form, (Entry("code", "z" * 5_000 + f"!{n}"),), CONTEXT)
        assert isinstance(found, Prepared)
    assert app.patience.seconds < 0.05


def test_a_form_without_the_address_field_confirms_to_nobody():
    """No address, no confirmation; the managers are told all the same."""
    form = Form(name="poll", fields=None, managers=Managers(fixed=(Address("desk@example.com"),)))
    found = prepared(form, (Entry("answer", "yes"),))
    assert [m.role for m in found.messages] == [Role.NOTIFICATION]


def test_a_broken_rule_is_a_value_and_nothing_is_prepared():
    """Faults come back per field."""
    errors = prepare(app_of(CONTACT), CONTACT, (Entry("message", "x"),), CONTEXT)
    assert [e.field for e in errors] == ["email"]


LEAVE = Form(
    name="leave",
    fields=None,
    managers=Managers(field="email", directory={"aoi@example.net": (Address("boss@example.com"),)}),
)


def test_the_directory_finds_a_person_s_manager():
    """The address is looked up without regard to case."""
    assert managers_of(LEAVE, (Entry("email", "AOI@example.net"),)) == ("boss@example.com",)


def test_a_person_whom_the_directory_does_not_know_is_told_so():
    """With no manager and no fallback nothing would be received, so nothing is accepted."""
    errors = prepare(app_of(LEAVE), LEAVE, (Entry("email", "x@example.net"),), CONTEXT)
    assert [(e.field, e.code) for e in errors] == [("email", "no_manager")]


def test_a_field_s_value_chooses_the_manager_and_nobody_is_told_twice():
    """Recipients come from the configuration; equal addresses in other spelling count once."""
    form = Form(
        name="contact",
        managers=Managers(
            fixed=(Address("desk@example.com"),),
            field="topic",
            by_value={
                "sales": (
                    Address("sales@example.com"),
                    Address("Desk@Example.com"),
                )
            },
            fallback=(Address("other@example.com"),),
        ),
    )
    assert len(managers_of(form, (Entry("topic", "sales"),))) == 2
    assert managers_of(form, (Entry("topic", "evil@example.org"),)) == (
        "desk@example.com",
        "other@example.com",
    )


@pytest.mark.parametrize(
    ("entries", "context", "same"),
    [
        (ENTRIES, CONTEXT, True),
        (ENTRIES[:1], CONTEXT, False),
        (ENTRIES, Context(language="en", remote="192.0.2.2", user_agent="Browser"), False),
        (ENTRIES, Context(language="en", remote="192.0.2", user_agent=".1Browser"), False),
    ],
)
def test_the_same_answers_from_the_same_place_are_one_request(entries, context, same):
    """A double click has one key; other answers or another place have another."""
    assert (prepared(entries=entries, context=context).repeat.key == prepared().repeat.key) is same


def test_an_idempotency_key_names_the_request_whatever_it_holds():
    """The key is the same, the fingerprint tells that the content is not."""
    one = prepared(context=Context(language="en", idempotency_key="k1")).repeat
    other = prepared(
        entries=ENTRIES[:1], context=Context(language="en", idempotency_key="k1")
    ).repeat
    assert one.key == other.key
    assert one.fingerprint != other.fingerprint
    assert one.expires_at == NOW + timedelta(hours=24)


def test_equal_answers_without_an_address_are_one_request_for_seconds_only():
    """Two people behind one router may give the same anonymous answer."""
    form = Form(name="poll", confirmation=Confirmation(field=""))
    found = prepared(form, (Entry("answer", "yes"),))
    assert found.repeat.expires_at == NOW + timedelta(seconds=10)


def test_files_and_undecodable_bytes_are_part_of_the_fingerprint():
    """Two requests that differ only in a file's bytes, or in raw bytes, are two requests."""
    form = Form(name="any", fields=None)
    texts = [(Entry("a", "\ufffd", raw=raw),) for raw in (b"\x80", b"\x81")]
    contents = [File(name="a.txt", media_type="text/plain", content=c) for c in (b"1", b"2")]
    keys = {prepared(form, entries).repeat.key for entries in texts}
    assert len(keys) == 2
    assert len({c.digest for c in contents}) == 2

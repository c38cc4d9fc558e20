"""What people read: every state has words, no word claims too much, and nothing private is on the receipt."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from support.variants import replace
from support.web.stories import EVENTS, NOW, make_message, make_settings, make_timeline
from todoke.model.address import Address
from todoke.model.delivery import (
    FAILED_READINGS,
    Ceiling,
    Kind,
    Permanence,
    Reading,
    Reason,
    Status,
)
from todoke.model.language import LANGUAGES
from todoke.model.message import MessageTimeline, Note, Role
from todoke.model.show import show_address, show_rfc3339
from todoke.model.zone import UTC_ZONE, Zone
from todoke.report import words
from todoke.report.receipt import can_correct, receipt, receipt_language
from todoke.report.receipt_words import receipt_words
from todoke.report.way import ways

SETTINGS = make_settings()
BEFORE_A_HAND_OVER = re.compile(r"\bsent\b|送信しました|送信済", re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("ceiling", [None, *Ceiling])
@pytest.mark.parametrize("reading", Reading)
def test_every_state_has_words(
    reading: Reading, ceiling: Ceiling | None, role: Role, language: str
) -> None:
    """Each status, role, ceiling and language has a label, a sentence and a tone, and none says "sent"."""
    for said in (
        receipt_words(reading, role, language, ceiling=ceiling),
        words.desk_words(reading, language, ceiling=ceiling),
    ):
        assert said.label
        assert said.text
        assert said.tone in words.Tone
        assert not BEFORE_A_HAND_OVER.search(f"{said.label} {said.text} {said.hint}")


def test_words_of_the_desk_are_complete() -> None:
    """Each reason, permanence, kind of event and ceiling has its words in each language."""
    for language in LANGUAGES:
        assert all(words.reason_words(reason, language) for reason in Reason)
        assert all(words.event_words(kind, language) for kind in Kind)
        assert all(words.ceiling_words(ceiling, language) for ceiling in Ceiling)
        assert words.permanence_words(Permanence.HARD, language)
        assert words.reason_words(None, language) == ""
        assert all(words.note_words(n, language) for n in set(Note) - {Note.NONE})
        assert words.note_words(Note.NONE, language) == ""


def test_silence_is_not_success() -> None:
    """An accepted message is spoken of as far as its service can tell, and no further."""
    role = Role.CONFIRMATION
    bare = receipt_words(Reading.ACCEPTED, role, "en", ceiling=Ceiling.HANDED_OVER)
    assert "cannot tell whether it arrived" in bare.text
    watched = receipt_words(Reading.ACCEPTED, role, "en", ceiling=Ceiling.NOT_RETURNED)
    assert "not been returned so far" in watched.text
    reporting = receipt_words(Reading.ACCEPTED, role, "en", ceiling=Ceiling.DELIVERED)
    assert {bare.tone, watched.tone, reporting.tone} == {"handed"}


@pytest.mark.parametrize("status", EVENTS)
def test_receipt_states_the_status(status: str) -> None:
    """The receipt's JSON has the promised fields, the right status, and three steps with words."""
    told = receipt(make_timeline(make_message(status)), SETTINGS, NOW)
    assert {"id", "received_at", "form", "messages"} <= told.keys()
    [message] = told["messages"]
    assert {"role", "to", "status", "since", "can_correct", "text"} <= message.keys()
    assert message["status"] == ("failed" if status in FAILED_READINGS else status)
    assert [step["name"] for step in message["steps"]] == ["stored", "handed_over", "arrived"]
    assert all(step["label"] for step in message["steps"])
    assert receipt(make_timeline(make_message(status)), SETTINGS, NOW) == json.loads(
        json.dumps(told)
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", EVENTS)
def test_receipt_holds_nothing_private(status: str, language: str) -> None:
    """No answer, whole address, reason or diagnostic of any message is in the receipt."""
    timeline = make_timeline(
        make_message(status),
        make_message(status, Role.NOTIFICATION, recipient=Address("boss@example.org")),
        language=language,
    )
    text = json.dumps(receipt(timeline, SETTINGS, NOW), ensure_ascii=False)
    for private in ("hana@", "boss@", "Suzuki", "kozo", "wall.jpg", "550", "5.1.1", "no such"):
        assert private not in text
    assert "h•••@example.com" in text
    assert "b•••@example.org" in text


def test_a_failed_notification_says_what_the_evidence_says() -> None:
    """The staff was told only if the mail service took an alert about that mail; else the message is where they can
    read it. In every case it is kept."""
    failed = make_message("bounced", Role.NOTIFICATION)

    def hint(*others: MessageTimeline) -> str:
        told = receipt(make_timeline(failed, *others), SETTINGS, NOW)["messages"]
        said = next(m["hint"] for m in told if m["role"] == "notification")
        assert "stored safely" in said
        return str(said)

    def alert(status: str, about: str = failed.message.id, note: Note = Note.BOUNCED):  # type: ignore[no-untyped-def]
        made = make_message(status, Role.ALERT)
        return replace(made, message=replace(made.message, about=about, note=note))

    for taken in ("accepted", "delivered", "undetermined"):
        assert "were told by another mail" in hint(alert(taken))
    for lost in ("queued", "deferred", "failed", "rejected", "bounced", "unknown"):
        assert "can read it" in hint(alert(lost))
    assert "can read it" in hint()
    assert "can read it" in hint(alert("delivered", about="s1-confirmation"))
    assert "can read it" in hint(alert("delivered", note=Note.COMPLAINED))
    assert "were told" in hint(alert("bounced"), alert("accepted"))


def test_the_last_correction_is_no_dead_end() -> None:
    """While an address may be corrected the receipt says so; then what to do instead. Nobody is blamed."""
    for status in ("bounced", "rejected", "failed", "unknown"):
        [open_] = receipt(make_timeline(make_message(status)), SETTINGS, NOW)["messages"]
        assert "correct it below" in open_["hint"]
        spent = make_message(status, corrections=SETTINGS.max_corrections)
        [shut] = receipt(make_timeline(spent), SETTINGS, NOW)["messages"]
        assert "correct it below" not in shut["hint"]
        assert "contact Hoshino Paper in another way and give the reference" in shut["hint"]
        for said in (open_, shut):
            assert "check the address" not in said["text"] + said["hint"]


def corrected(*addresses: str, status: str = "bounced") -> MessageTimeline:
    """A confirmation that failed at each of these addresses but the last, where it is not tried yet."""
    tried = [make_message(status, recipient=Address(a)).attempts[0] for a in addresses[:-1]]
    made = make_message("queued", recipient=Address(addresses[-1]), corrections=len(tried))
    return replace(made, attempts=tuple(tried), resend_asked_at=NOW)


def test_a_correction_keeps_what_came_before() -> None:
    """Each earlier address stays, masked, with what became of it; a sentence says where the mail goes now."""
    told = receipt(
        make_timeline(corrected("a@one.example", "b@two.example", "c@three.example")), SETTINGS, NOW
    )
    [message] = told["messages"]
    assert [(e["to"], e["status"], e["label"]) for e in message["earlier"]] == [
        ("a•••@one.example", "failed", "Not delivered"),
        ("b•••@two.example", "failed", "Not delivered"),
    ]
    assert message["corrected"] == (
        "We now send to c•••@three.example; the mail to the earlier address, b•••@two.example, failed."
    )
    [message] = receipt(
        make_timeline(corrected("a@one.example", "b@two.example", status="unknown")), SETTINGS, NOW
    )["messages"]
    assert "is not known" in message["corrected"]
    [message] = receipt(
        make_timeline(corrected("a@one.example", "b@two.example", status="delivered")),
        SETTINGS,
        NOW,
    )["messages"]
    assert message["corrected"] == "We now send to b•••@two.example in place of a•••@one.example."
    first = make_message("bounced", recipient=Address("a@one.example")).attempts
    second = make_message("rejected", recipient=Address("b@two.example"), corrections=1)
    in_vain = replace(second, attempts=first + second.attempts)
    [message] = receipt(make_timeline(in_vain), SETTINGS, NOW)["messages"]
    assert message["corrected"] == (
        "The mail to the corrected address, b•••@two.example, was not delivered either."
    )
    assert [e["to"] for e in message["earlier"]] == ["a•••@one.example"]
    [message] = receipt(make_timeline(make_message("bounced")), SETTINGS, NOW)["messages"]
    assert (message["corrected"], message["earlier"]) == ("", [])


def test_a_try_again_at_the_same_address_is_no_correction() -> None:
    """Attempts at the address that is still the message's are none of an earlier address."""
    again = corrected("hana@example.com", "hana@example.com")
    [message] = receipt(make_timeline(again), SETTINGS, NOW)["messages"]
    assert (message["corrected"], message["earlier"]) == ("", [])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("status", EVENTS)
def test_what_is_announced_names_its_mail(status: str, language: str) -> None:
    """Read aloud by itself, the live region of a message says which mail it speaks of."""
    timeline = make_timeline(
        make_message(status), make_message(status, Role.NOTIFICATION), language=language
    )
    mine, theirs = receipt(timeline, SETTINGS, NOW)["messages"]
    names = {"en": ("onfirmation", "essage"), "ja": ("受付確認メール", "通知メール")}[language]
    assert names[0] in mine["mail"] + mine["headline"]
    assert names[1] in theirs["mail"] + theirs["headline"]
    if status in FAILED_READINGS and language == "en":
        assert mine["headline"] == "Your confirmation was not delivered"


def test_attention_is_called_to_what_needs_the_reader() -> None:
    """A failure comes before what is not known; the link leads to the correction where there is one."""

    def attention(*messages: MessageTimeline) -> tuple[str, str, bool] | None:
        told = receipt(make_timeline(*messages), SETTINGS, NOW)["attention"]
        return told and (told["text"], told["target"], told["failed"])

    assert attention(make_message("delivered"), make_message("accepted", Role.NOTIFICATION)) is None
    mine = ("Your confirmation was not delivered", "address", True)
    assert attention(make_message("rejected")) == mine
    spent = make_message("failed", corrections=SETTINGS.max_corrections)
    assert attention(spent) == (mine[0], "message-0", True)
    unknown = ("It is not known whether your confirmation arrived", "address", False)
    assert attention(make_message("unknown")) == unknown
    theirs = make_message("bounced", Role.NOTIFICATION)
    assert attention(make_message("unknown"), theirs) == (
        "The mail about your message to Hoshino Paper was not delivered",
        "message-1",
        True,
    )


def test_the_receipt_leads_back() -> None:
    """The link back is to the site, or else to the form's page; without both there is none."""

    def back(site_url: str, page_url: str) -> str:
        form = replace(SETTINGS.forms["contact"], page_url=page_url)
        site = replace(SETTINGS.site, url=site_url)
        settings = replace(SETTINGS, site=site, forms={"contact": form})
        return str(receipt(make_timeline(make_message("queued")), settings, NOW)["site_url"])

    site, page = "https://shop.example/", "https://shop.example/contact.html"
    assert [back(site, page), back("", page), back("", "")] == [site, page, ""]


def test_reasons_leave_no_trace() -> None:
    """Two messages that failed for different reasons give the same receipt."""
    full = make_message("bounced", reason=Reason.MAILBOX_FULL, diagnostic="452 full")
    gone = make_message("bounced", reason=Reason.UNKNOWN_ADDRESS, diagnostic="550 gone")
    receipts = [receipt(make_timeline(m), SETTINGS, NOW) for m in (full, gone)]
    assert receipts[0] == receipts[1]


def test_alerts_are_not_shown() -> None:
    """Alerts are between the site and its managers; the receipt leaves them out, the desk does not."""
    timeline = make_timeline(make_message("bounced"), make_message("queued", Role.ALERT))
    assert [m["role"] for m in receipt(timeline, SETTINGS, NOW)["messages"]] == ["confirmation"]
    shown = ways(timeline, SETTINGS, NOW, "en", {})
    assert [m["role"] for m in shown] == ["confirmation", "alert"]


@pytest.mark.parametrize("status", EVENTS)
def test_who_may_correct(status: str) -> None:
    """Only a confirmation that failed or is unknown can be corrected, and only so often."""
    expected = status in {"bounced", "rejected", "failed", "unknown"}
    assert expected == can_correct(make_message(status), SETTINGS, NOW)
    assert not can_correct(make_message(status, Role.NOTIFICATION), SETTINGS, NOW)
    spent = make_message(status, corrections=SETTINGS.max_corrections)
    assert not can_correct(spent, SETTINGS, NOW)


def test_steps_follow_the_evidence() -> None:
    """A hand-over that has evidence shows as done whatever came after; one without never does."""

    def states(status: str, **changes: Ceiling) -> list[str]:
        told = receipt(make_timeline(make_message(status, **changes)), SETTINGS, NOW)
        return [step["state"] for step in told["messages"][0]["steps"]]

    assert states("queued") == ["done", "wait", "wait"]
    assert states("accepted") == ["done", "done", "wait"]
    assert states("accepted", ceiling=Ceiling.HANDED_OVER) == ["done", "done", "unseen"]
    assert states("accepted", ceiling=Ceiling.NOT_RETURNED) == ["done", "done", "not_returned"]
    assert states("deferred") == ["done", "done", "late"]
    assert states("delivered") == ["done", "done", "done"]
    for failed in FAILED_READINGS:
        assert states(failed) == ["done", "tried", "failed"]
    assert states("unknown") == ["done", "unknown", "unknown"]


def test_silence_becomes_unknown() -> None:
    """After the service's expected time an accepted message reads unknown, its hand-over still proven."""
    late = NOW + SETTINGS.mail.expect_events_within + timedelta(minutes=5)
    told = receipt(make_timeline(make_message("accepted")), SETTINGS, late)
    [message] = told["messages"]
    assert message["status"] == "unknown"
    assert [step["state"] for step in message["steps"]] == ["done", "done", "unknown"]


def test_final_when_nothing_more_is_expected() -> None:
    """A receipt is final once every message is, and silence of bare SMTP is final too."""
    final = {s: receipt(make_timeline(make_message(s)), SETTINGS, NOW)["final"] for s in EVENTS}
    assert {"failed", "rejected", "bounced", "delivered", "withheld"} == {
        s for s, f in final.items() if f
    }
    bare = make_timeline(make_message("accepted", ceiling=Ceiling.HANDED_OVER))
    assert receipt(bare, SETTINGS, NOW)["final"]


def test_look_alike_domains_show_their_a_labels() -> None:
    """A domain that is not ASCII is followed by what it really is; text that is no address stays as it is."""
    assert show_address(Address("a@раypal.com")) == "a@раypal.com (xn--ypal-43d9g.com)"
    assert show_address(Address("a@example.com")) == "a@example.com"
    assert show_address(Address("not an address")) == "not an address"
    assert Address("not an address").masked == "•••"


def test_unknown_language_falls_back() -> None:
    """A submission in a language we lack is spoken to in the site's."""
    timeline = make_timeline(make_message("queued"), language="fr")
    assert receipt_language(timeline, SETTINGS) == "en"
    site = replace(SETTINGS.site, language="ja")
    assert receipt_language(timeline, replace(SETTINGS, site=site)) == "ja"


def test_moments_are_read_by_people() -> None:
    """Times read as people write them, in the site's zone, which is named, in each language; never is nothing."""
    tokyo = Zone("Asia/Tokyo", ZoneInfo("Asia/Tokyo"))
    assert show_rfc3339("2026-11-03T06:34:00Z", UTC_ZONE, "en") == "3 November 2026, 06:34 UTC"
    assert show_rfc3339("2026-11-03T06:34:00Z", UTC_ZONE, "ja") == "2026年11月3日 06:34（UTC）"
    assert show_rfc3339("2026-11-03T16:34:00Z", tokyo, "en") == "4 November 2026, 01:34 JST"
    assert show_rfc3339("2026-11-03T16:34:00Z", tokyo, "ja") == "2026年11月4日 01:34（日本時間）"
    assert show_rfc3339("", tokyo, "en") == ""


def test_status_words_cover_the_algebra() -> None:
    """No status of the algebra is without words."""
    assert set(words.DESK_LABELS) == set(Reading) == {*Status} | {"unknown"}

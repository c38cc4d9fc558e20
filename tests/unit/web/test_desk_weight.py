"""What a page of the desk weighs where all comes together: fifty rows, each with all that a row may have."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from support.web.desk import opened
from support.web.stories import NOW, call, fill, make_app, make_message, make_timeline
from todoke.model.address import Address
from todoke.model.form import Form, Managers, Site
from todoke.model.message import Role
from todoke.model.submission import Entry
from todoke.testing import MemoryStore

MOST_BYTES = 60_000
AOI = Address("tanaka.aoi@tenpo.hoshino-washi-kyoto.example")
FORMS = {
    name: Form(name=name, title=title, page_language="ja", managers=Managers(fixed=(AOI,)))
    for name, title in (
        ("otoiawase", "和紙に関するお問い合わせ・ご相談フォーム"),
        ("mihon", "見本帳のご請求フォーム"),
        ("kyuka", "社員の休暇申請フォーム"),
    )
}
FILTER = {
    "view": "attention",
    "words": "和紙の見本帳 星野",
    "status": "not_delivered",
    "assignee": str(AOI),
    "work": "open",
    "starred": "yes",
    "since": "2026-11-01",
    "until": "2026-11-30",
}


def crowded() -> MemoryStore:
    """Sixty submissions whose mails all bounced, by visitors with long names who write much."""
    store = MemoryStore()
    for n in range(60):
        id_ = f"06k3f0q9c2m7v1d4t8s5r6p{n:03}"
        typed = {
            "name": "国立研究開発法人和紙文化総合研究機構 星野山田花子",
            "email": "hana@example.com",
            "message": "和紙の見本帳を三冊お送りいただくことはできますか。" * 9,
        }
        mails = (
            make_message("bounced", submission_id=id_),
            make_message("bounced", Role.NOTIFICATION, submission_id=id_, recipient=AOI),
        )
        entries = tuple(Entry(name, value) for name, value in typed.items())
        at = NOW - timedelta(hours=n)
        fill(
            store, make_timeline(*mails, id_=id_, form="otoiawase", received_at=at, entries=entries)
        )
        store.take_care(id_, lambda care: care.assign(str(AOI)).star(on=True))
    return store


def test_the_heaviest_list_is_light() -> None:
    """In Japanese, whose letters take three bytes each, with a filter and without: under 60 kB before compression."""
    site = Site(name="星野紙店", door_url="http://127.0.0.1:8000", alert_to=(AOI,))
    asgi, cookie = opened(make_app(crowded(), forms=FORMS, site=site))
    for query in ("", urlencode(FILTER)):
        answer = call(asgi, f"/desk?{query}", headers=cookie | {"accept-language": "ja"})
        assert answer.text.count('<li id="r') == 50
        assert answer.text.count("不達") >= 50
        assert len(answer.body) < MOST_BYTES, query

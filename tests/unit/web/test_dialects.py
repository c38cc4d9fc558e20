"""Forms and clients of other products at the door: what is kept, and what they are answered, as each expects it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import pytest

from support.places import ROOT
from support.web.doors import OPEN_FORM, Answer, ask, failing, kept, make_app
from todoke.forms.aliases import NAMES, Sense, names_of, senses
from todoke.model.address import Address
from todoke.model.errors import StoreUnavailable
from todoke.model.form import Confirmation, ControlKind, Field, Form, Site
from todoke.walk.app import App
from todoke.web.dialects.table import DIALECTS

KEY = "8f3b21d0-key"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SITE = Site(name="Example", url="https://site.example", door_url="https://door.example")
THANKS = "https://site.example/thanks"
TYPED = {"name": "Taro", "email": "taro@visitor.example", "message": "Hello"}
STRANGE = {
    "_to": "victim@elsewhere.example",
    "_cc": "victim@elsewhere.example",
    "_bcc": "victim@elsewhere.example",
    "_autoresponse": "Buy this",
    "_webhook": "https://elsewhere.example/",
    "_template": "box",
}
"""What a stranger would like to say, in any dialect."""


@dataclass(frozen=True)
class Case:
    """One product: where its pages send what, and what its clients read of the answers."""

    name: str
    path: str
    page: dict[str, str] = field(default_factory=dict)
    """What its page has beside what a visitor types."""
    leads: str = ""
    """Where a browser goes."""
    stored: dict[str, Any] = field(default_factory=dict)
    """Of the JSON, beside the door's own words."""
    kept: dict[str, str] = field(default_factory=dict)
    """What is an answer beside what was typed."""
    invalid: dict[str, Any] = field(default_factory=dict)
    unknown_path: str = ""
    unknown: dict[str, Any] = field(default_factory=dict)


THANK = "Thank you. Your answers are stored."
CHECK = "Please check your answers."
EMAIL = "Mail cannot reach this address. Please check it: it should look like name@example.com."
NONE = "There is no form at this address."
BOTH = f"{CHECK} {EMAIL}"

CASES = (
    Case(
        name="formspree",
        path=f"/f/{KEY}",
        page={"_subject": "News", "_next": "/thanks", "_gotcha": "", "_format": "plain"},
        leads=THANKS,
        stored={"ok": True, "next": THANKS},
        kept={"_subject": "News"},
        invalid={
            "error": CHECK,
            "errors": [{"code": "TYPE_EMAIL", "field": "email", "message": EMAIL}],
        },
        unknown_path="/p/project/f/unknown",
        unknown={"errors": [{"code": "FORM_NOT_FOUND", "message": NONE}], "error": NONE},
    ),
    Case(
        name="netlify",
        path="/thanks",
        page={"form-name": "contact", "bot-field": "", "subject": "News"},
        leads=THANKS,
        kept={"subject": "News"},
        stored={"ok": True},
        invalid={"error": CHECK},
    ),
    Case(
        name="basin",
        path=f"/f/{KEY}",
        page={"_gotcha": "", "g-recaptcha-response": "token"},
        stored={"success": True},
        invalid={"success": False, "error": CHECK},
    ),
    Case(
        name="web3forms",
        path="/submit",
        page={
            "access_key": KEY,
            "subject": "News",
            "from_name": "The site",
            "redirect": THANKS,
            "ccemail": "victim@elsewhere.example",
            "webhook": "https://elsewhere.example/",
            "replyto": "",
            "botcheck": "",
        },
        leads=THANKS,
        kept={"subject": "News"},
        stored={
            "success": True,
            "statusCode": 200,
            "message": THANK,
            "body": {"data": {}, "message": THANK},
        },
        invalid={
            "success": False,
            "statusCode": 422,
            "message": BOTH,
            "body": {"data": {}, "message": BOTH},
        },
        unknown_path="/submit/unknown",
        unknown={"success": False, "statusCode": 404, "message": NONE},
    ),
    Case(
        name="formsubmit",
        path=f"/{KEY}",
        page={
            "_next": THANKS,
            "_subject": "News",
            "_captcha": "false",
            "_blacklist": "casino, pills",
            "_url": "https://site.example/contact",
            "_replyto": "%email%",
            "_honey": "",
        },
        leads=THANKS,
        kept={"_subject": "News"},
        stored={"success": "true", "message": THANK},
        invalid={"success": "false", "message": BOTH},
        unknown_path="/ajax/unknown",
        unknown={"success": "false", "message": NONE},
    ),
    Case(
        name="formspark",
        path=f"/{KEY}",
        page={
            "_redirect": THANKS,
            "_error": "https://site.example/error",
            "_append": "false",
            "_email.subject": "News",
            "_email.from": "The site",
            "_email.template.title": "A title",
            "_feedback.dark": "true",
            "_honeypot": "",
        },
        leads=THANKS,
        kept={"_email.subject": "News"},
        stored={"ok": True},
        invalid={"message": CHECK, "error": CHECK},
    ),
    Case(
        name="formcarry",
        path=f"/s/{KEY}",
        page={"_gotcha": ""},
        stored={"code": 200, "status": "success", "message": THANK, "title": THANK},
        invalid={"code": 422, "status": "error", "message": BOTH, "title": CHECK},
        unknown_path="/s/unknown",
        unknown={"code": 404, "status": "error", "message": NONE},
    ),
    Case(
        name="staticforms",
        path="/submit",
        page={
            "accessKey": KEY,
            "subject": "News",
            "replyTo": "@",
            "redirectTo": THANKS,
            "honeypot": "",
        },
        leads=THANKS,
        kept={"subject": "News"},
        stored={"success": True, "message": THANK},
        invalid={"success": False, "message": BOTH},
        unknown_path="/submit",
        unknown={"success": False, "message": NONE},
    ),
    Case(
        name="getform",
        path=f"/f/{KEY}",
        page={"_gotcha": ""},
        stored={"success": True},
        invalid={"success": False, "error": CHECK},
    ),
    Case(
        name="formbackend",
        path=f"/f/{KEY}",
        stored={"submission_text": THANK},
        invalid={"message": CHECK, "error": CHECK},
    ),
)
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def app_of(case: Case, **changes: Any) -> App:
    """A door whose form was once at this product."""
    form = Form(
        name="contact",
        managers=OPEN_FORM.managers,
        dialect=case.name,
        keys=(KEY,),
        **changes,
    )
    return make_app(form, site=SITE)


def send(app: App, path: str, fields: dict[str, str], **headers: str) -> Answer:
    """As a browser sends a form, or as a script whose `accept` asks for JSON."""
    return ask(app, path, urlencode(fields).encode(), whole=True, **headers)


def says(answer: Answer, expected: dict[str, Any]) -> dict[str, Any]:
    """What of the expected words is said otherwise."""
    said = answer.json
    return {name: said.get(name) for name, word in expected.items() if said.get(name) != word}


def entries_of(app: App) -> dict[str, str]:
    """The one submission's answers."""
    (submission,) = kept(app)
    assert len({entry.name for entry in submission.entries}) == len(submission.entries)
    return {entry.name: str(entry.value) for entry in submission.entries}


def test_every_dialect_is_in_the_tables_and_tried_here() -> None:
    """The one of names, the one of answers, and this one."""
    assert set(NAMES) == set(DIALECTS) == {case.name for case in CASES}


@cases
def test_a_page_of_it_is_stored_and_leads_where_it_says(case: Case) -> None:
    """What was typed is kept, what steers is not, and what nobody may say is not obeyed."""
    app = app_of(case)
    answer = send(app, case.path, TYPED | case.page | STRANGE, accept=BROWSER)
    assert answer.status == 303
    receipt = answer.headers["location"].startswith("https://door.example/s/")
    assert answer.headers["location"] == case.leads if case.leads else receipt
    assert entries_of(app) == TYPED | case.kept
    (submission,) = kept(app)
    assert submission.visitor == Address("taro@visitor.example")
    recipients = {str(message.recipient) for message in app.store.messages}  # type: ignore[attr-defined]
    assert recipients == {"taro@visitor.example", "m@site.example"}


@cases
def test_its_scripts_are_told_what_they_understand(case: Case) -> None:
    """The door's own words stay beside those of the dialect, and nothing claims that a mail was sent."""
    app = app_of(case)
    answer = send(app, case.path, TYPED | case.page, accept="application/json")
    assert answer.status == 200
    assert says(answer, case.stored) == {}
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.json["id"] == kept(app)[0].id
    assert isinstance(answer.json["next"], str)
    assert b"sent" not in answer.body


@cases
def test_json_is_taken_as_well(case: Case) -> None:
    """Without an Accept, as many scripts ask."""
    app = app_of(case)
    body = json.dumps(TYPED | case.page).encode()
    answer = ask(app, case.path, body, whole=True, content_type="application/json")
    assert (answer.status, says(answer, case.stored)) == (200, {})
    assert entries_of(app) == TYPED | case.kept


@cases
def test_a_wrong_address_is_said_in_its_words(case: Case) -> None:
    """422, and which field it is, in whatever its clients show."""
    app = app_of(case)
    wrong = TYPED | case.page | {"email": "taro"}
    answer = send(app, case.path, wrong, accept="application/json")
    assert (answer.status, says(answer, case.invalid)) == (422, {})
    assert kept(app) == []


@cases
def test_an_unknown_key_is_said_in_its_words(case: Case) -> None:
    """404; where the address could be anybody's, in the door's own."""
    answer = send(app_of(case), case.unknown_path or "/f/unknown", TYPED, accept="application/json")
    assert answer.status == 404
    assert says(answer, case.unknown) == {}
    assert answer.headers["access-control-allow-origin"]


@cases
def test_too_many_and_a_store_that_is_away_are_said_with_their_status(case: Case) -> None:
    """429 and 503 with Retry-After, in words of the dialect that call nothing a success."""
    app = app_of(case)
    app = replace(app, settings=replace(app.settings, most_from_one_address=1))
    failing(app, StoreUnavailable())
    away = send(app, case.path, TYPED | case.page, accept="application/json")
    failing(app, None)
    assert send(app, case.path, TYPED | case.page, accept="application/json").status == 200
    more = TYPED | {"message": "Again"} | case.page
    many = send(app, case.path, more, accept="application/json")
    assert (away.status, many.status) == (503, 429)
    for answer in (away, many):
        assert answer.headers["retry-after"]
        assert answer.json["ok"] is False
        assert answer.json.get("success") in {None, False, "false"}
        assert answer.json.get("code") not in {200, "200"}
        assert answer.json["error"]


@cases
def test_a_page_of_ours_sends_it_again_by_the_same_way(case: Case) -> None:
    """What was wrong is shown, and `_error` leads nowhere; what steers goes along unseen and steers again."""
    app = app_of(case)
    wrong = TYPED | case.page | {"email": "taro"}
    page = send(app, case.path, wrong, accept=BROWSER)
    assert (page.status, "location" in page.headers) == (422, False)
    own = case.path if not case.path.startswith("/f/") else "/f/contact"
    assert f'action="https://door.example{own}"' in page.body.decode()
    for name, value in case.page.items():
        is_answer = name in case.kept or senses(case.name)[name] is Sense.REPLY_TO
        if value and not is_answer:
            assert f'type="hidden" name="{name}"' in page.body.decode()


@cases
def test_its_fields_are_answers_where_no_dialect_is_known(case: Case) -> None:
    """An honest question called "subject" or "redirect" does not vanish from a form of ours."""
    app = make_app(replace(OPEN_FORM, name="plain"), site=SITE)
    unprefixed = {n: v for n, v in case.page.items() if n[0] != "_" and v}
    send(app, "/f/plain", TYPED | unprefixed, accept=BROWSER)
    assert entries_of(app) == TYPED | unprefixed


@cases
def test_a_trap_that_was_filled_in_is_kept(case: Case) -> None:
    """Under its own name, for the managers to see."""
    for trap in names_of(case.name, Sense.TRAP):
        app = app_of(case)
        send(app, case.path, TYPED | case.page | {trap: "spam"}, accept=BROWSER)
        assert entries_of(app) == TYPED | case.kept | {trap: "spam"}


@cases
def test_a_page_elsewhere_is_refused_in_its_words(case: Case) -> None:
    """The rule for origins is the door's, at every address."""
    app = app_of(case)
    app = replace(
        app, settings=replace(app.settings, site=replace(SITE, origins=("https://site.example",)))
    )
    answer = send(
        app,
        case.path,
        TYPED | case.page,
        accept="application/json",
        origin="https://elsewhere.example",
    )
    assert answer.status == 403
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json.get("success") in {None, False, "false"}
    assert kept(app) == []


@pytest.mark.parametrize(
    "path", ["/submit", "/ajax/me@site.example", "/p/project/f/contact", "/f/contact", f"/s/{KEY}"]
)
def test_a_preflight_passes_at_every_address(path: str) -> None:
    """With the header fields of the scripts that ask."""
    asked = "content-type,formspree-client,formspree-session-data"
    answer = ask(
        app_of(CASES[0]),
        path,
        method="OPTIONS",
        whole=True,
        origin="https://site.example",
        access_control_request_method="POST",
        access_control_request_headers=asked,
    )
    assert answer.status == 204
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert all(name in allowed for name in asked.split(","))
    assert answer.headers["access-control-allow-origin"] in {"*", "https://site.example"}


@pytest.mark.parametrize("path", ["/f/contact", f"/f/{KEY}", f"/p/project/f/{KEY}"])
def test_the_client_s_own_header_says_the_dialect_too(path: str) -> None:
    """A form whose settings say nothing is understood by an official script."""
    form = Form(name="contact", managers=OPEN_FORM.managers, keys=(KEY,))
    app = make_app(form, site=SITE)
    fields = {"_replyto": "taro", "message": "Hello"}
    answer = send(
        app, path, fields, accept="application/json", formspree_client="@formspree/core@4.0.0"
    )
    (fault,) = answer.json["errors"]
    assert (answer.status, fault["code"], fault["field"]) == (422, "TYPE_EMAIL", "email")


def test_a_form_is_found_by_its_name_at_every_address() -> None:
    """Without any key."""
    form = Form(name="contact", managers=OPEN_FORM.managers)
    for path, fields in (
        ("/submit", {"access_key": "contact"}),
        ("/submit/contact", {}),
        ("/submit", {"accessKey": "contact"}),
        ("/ajax/contact", {}),
        ("/p/any/f/contact", {}),
        ("/s/contact", {}),
        ("/f/contact.json", {}),
        ("/anywhere", {"form-name": "contact"}),
        ("/", {"form-name": "contact"}),
    ):
        app = make_app(form, site=SITE)
        assert send(app, path, TYPED | fields, accept="application/json").status == 200, path
        assert entries_of(app) == TYPED


def test_a_bare_path_is_a_form_s_only_where_its_settings_say_so() -> None:
    """And never one of our own rooms."""
    plain = Form(name="contact", managers=OPEN_FORM.managers, keys=("desk",))
    assert send(make_app(plain, site=SITE), "/contact", TYPED).status == 404
    app = make_app(replace(plain, dialect="formspark"), site=SITE)
    send(app, "/desk", TYPED)
    assert kept(app) == []
    assert send(app, "/contact", TYPED).status == 303


def test_what_is_sent_to_nobody_is_answered_as_before() -> None:
    """A POST to an address that is nothing's is 404, also when it is no form, or too much of one."""
    app = make_app(site=SITE)
    assert send(app, "/nowhere", TYPED).status == 404
    assert ask(app, "/nowhere", b"<x/>", whole=True, content_type="text/xml").status == 404
    assert ask(app, "/nowhere", b"a=" + b"x" * 2_000_000, whole=True).status == 404
    assert send(app, "/nowhere", {"form-name": "unknown"}, accept=BROWSER).status == 404
    assert ask(app, "/nowhere", method="OPTIONS", whole=True).status in {404, 405}


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/a#b;c", "https://door.example/a%23b;c"),
        ('/"><b>', "https://door.example/%22%3E%3Cb%3E"),
        ("/\u5c4a", "https://door.example/%E5%B1%8A"),
    ],
)
def test_any_path_is_sent_to_again_as_it_is(path: str, action: str) -> None:
    """It goes into the page as an address, and nothing in it becomes more than that."""
    form = Form(name="contact", managers=OPEN_FORM.managers)
    wrong = {"form-name": "contact", "email": "wrong"}
    page = send(make_app(form, site=SITE), path, wrong, accept=BROWSER)
    assert f'action="{action}"' in page.body.decode()


@pytest.mark.parametrize("path", ["//elsewhere.example/thanks", "//submit", "//"])
def test_two_slashes_lead_nowhere(path: str) -> None:
    """Such an address could be read as another host's."""
    app = make_app(Form(name="contact", managers=OPEN_FORM.managers), site=SITE)
    assert send(app, path, TYPED | {"form-name": "contact"}).status == 404
    assert kept(app) == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_key": {"a": 1}}',
        b'{"access_key": ["contact", "contact"], "email": ["x", {"y": null}]}',
        b'{"form-name": null}',
        b'{"access_key": "\\ud800"}',
        b"access_key=%00&form-name=%ff",
        b"access_key",
        b"",
    ],
)
@pytest.mark.parametrize("path", ["/submit", "/anywhere", "/ajax/contact", "/s/contact"])
def test_no_body_makes_a_fault_of_ours(body: bytes, path: str) -> None:
    """Whatever is in it, and wherever it goes."""
    app = make_app(Form(name="contact", managers=OPEN_FORM.managers), site=SITE)
    for content_type in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        answer = ask(app, path, body, whole=True, content_type=content_type)
        assert answer.status < 500


def test_what_cannot_be_read_is_said_in_the_words_of_the_address() -> None:
    """Before anybody knows which form it was."""
    answer = ask(
        make_app(site=SITE),
        "/submit",
        b"{",
        whole=True,
        content_type="application/json",
        accept="application/json",
    )
    assert (answer.status, answer.json["code"], answer.json["success"]) == (400, "malformed", False)
    assert answer.headers["access-control-allow-origin"]


@pytest.mark.parametrize("accept", ["", BROWSER, "application/json"])
def test_an_address_for_scripts_answers_in_json_whatever_they_ask(accept: str) -> None:
    """`/ajax/` has nothing else."""
    app = app_of(next(case for case in CASES if case.name == "formsubmit"))
    answer = send(app, f"/ajax/{KEY}", TYPED, accept=accept)
    assert (answer.status, answer.json["success"]) == (200, "true")


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", "thanks"])
@cases
def test_no_page_leads_away_from_the_site(case: Case, wanted: str) -> None:
    """By whatever name it says where to go."""
    for name in names_of(case.name, Sense.NEXT):
        app = app_of(case)
        path = "/" if case.name == "netlify" else case.path
        answer = send(app, path, TYPED | case.page | {name: wanted}, accept=BROWSER)
        assert "elsewhere" not in answer.headers["location"]


@pytest.mark.parametrize(
    ("path", "page_url", "leads"),
    [
        ("/", "", False),
        ("/__forms.html", "", False),
        ("/contact", "https://site.example/contact", False),
        ("/contact", "", True),
        ("/thanks/", "", True),
    ],
)
def test_an_action_of_the_site_leads_there(path: str, page_url: str, leads: bool) -> None:
    """But neither to the form's own page nor to the first one."""
    app = make_app(Form(name="contact", managers=OPEN_FORM.managers, page_url=page_url), site=SITE)
    answer = send(app, path, TYPED | {"form-name": "contact"}, accept=BROWSER)
    place = f"https://site.example{path}"
    assert (answer.headers["location"] == place) is leads


def test_below_a_path_of_the_site_a_proxy_may_leave_that_on() -> None:
    """The addresses of dialects, too."""
    site = replace(SITE, door_url="https://site.example/forms")
    form = Form(name="contact", managers=OPEN_FORM.managers)
    for path, fields in (
        ("/forms/submit", {"access_key": "contact"}),
        ("/forms/thanks", {"form-name": "contact"}),
        ("/forms/ajax/contact", {}),
    ):
        app = make_app(form, site=site)
        answer = send(app, path, TYPED | fields, accept=BROWSER)
        assert answer.status in {200, 303}, path
        assert entries_of(app) == TYPED
    assert answer.json["success"] == "true"


def test_a_file_of_a_page_elsewhere_is_kept_whole() -> None:
    """The body is read to find the form, and read again by its own rules."""
    form = Form(
        name="contact",
        managers=OPEN_FORM.managers,
        fields=(Field(name="email"), Field(name="attachment", kind=ControlKind.FILE)),
    )
    app = make_app(form, site=SITE)
    boundary = "edge"
    parts = (
        'name="access_key"\r\n\r\ncontact',
        'name="attachment"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nabc',
    )
    body = "".join(f"--{boundary}\r\nContent-Disposition: form-data; {p}\r\n" for p in parts)
    answer = ask(
        app,
        "/submit",
        f"{body}--{boundary}--\r\n".encode(),
        whole=True,
        content_type=f"multipart/form-data; boundary={boundary}",
        accept="application/json",
    )
    assert answer.json["success"] is True
    (entry,) = kept(app)[0].entries
    assert (entry.name, entry.value.content) == ("attachment", b"abc")  # type: ignore[union-attr]


def test_a_field_that_a_visitor_sees_is_an_answer_whatever_it_says() -> None:
    """And a hidden address of the page is nobody's."""
    form = Form(
        name="contact",
        managers=OPEN_FORM.managers,
        dialect="web3forms",
        confirmation=Confirmation(field="email"),
        fields=(
            Field(name="email"),
            Field(name="webhook", label="Your webhook"),
            Field(name="replyto", kind=ControlKind.HIDDEN, value="office@site.example"),
        ),
    )
    app = make_app(form, site=SITE)
    fields = {"email": "", "webhook": "seen", "replyto": "office@site.example"}
    send(app, "/f/contact", fields, accept=BROWSER)
    assert entries_of(app) == {"email": "", "webhook": "seen"}
    assert not kept(app)[0].visitor


def test_an_address_by_another_name_is_the_visitor_s() -> None:
    """Where nothing else is, and only the first of them."""
    app = make_app(
        Form(name="contact", managers=OPEN_FORM.managers, dialect="formspark"), site=SITE
    )
    send(app, "/contact", {"mail": "taro@visitor.example", "_replyto": "x@y.example"})
    assert entries_of(app) == {"email": "taro@visitor.example", "_replyto": "x@y.example"}
    assert kept(app)[0].visitor == Address("taro@visitor.example")


def test_a_form_s_own_trap_is_one_by_any_name() -> None:
    """`honeypot` of its settings: the attribute of a page may name anything."""
    form = replace(OPEN_FORM, name="contact", honeypot=("nickname",))
    app = make_app(form, site=SITE)
    send(app, "/f/contact", {"a": "1", "nickname": ""}, accept=BROWSER)
    assert entries_of(app) == {"a": "1"}


def test_the_door_names_no_dialect() -> None:
    """Whoever needs to know something of one asks the table."""
    for path in (ROOT / "src" / "todoke" / "web" / "door").glob("*.py"):
        text = path.read_text("utf-8").lower()
        assert [name for name in NAMES if name in text] == [], path.name

"""Pages and scripts of other products in real Chromium, changed by their host alone: stored, mailed, and led on."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.places import ROOT
from support.run.serving import free_port
from support.web.browsing import static_site
from support.web.doors import OPEN_FORM, make_app
from support.web.local_server import serving
from todoke.model.form import Field, Form, Site
from todoke.model.mail import Mail
from todoke.server.asgi import without_sender
from todoke.testing import FakeMailer, MemoryStore
from todoke.walk.app import App, utc_now
from todoke.walk.send.round import send_round

pytestmark = pytest.mark.acceptance

SCRIPTS = ROOT / ".emulators" / "formspree" / "node_modules"
KEY = "8f3b21d0"
HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Contact</title>'
TYPED = """<label>Name <input name="name" required></label>
<label>Email <input name="email" type="text"></label>
<label>Message <textarea name="message"></textarea></label><button>Send</button>"""
"""Its address is a text here, so that the browser lets a wrong one through."""
PAGES = {
    "formspree": f"""<form action="https://formspree.io/f/{KEY}" method="POST">
<input type="hidden" name="_subject" value="From the site"><input type="hidden" name="_next" value="/thanks.html">
<input type="text" name="_gotcha" style="display:none">{TYPED}</form>""",
    "netlify": f"""<form name="contact" method="POST" action="https://PRODUCT/thanks.html" data-netlify="true"
netlify-honeypot="bot-field"><input type="hidden" name="form-name" value="contact">
<p hidden><label>Leave this empty <input name="bot-field"></label></p>{TYPED}</form>""",
    "web3forms": f"""<form action="https://api.web3forms.com/submit" method="POST">
<input type="hidden" name="access_key" value="{KEY}"><input type="hidden" name="subject" value="From the site">
<input type="hidden" name="from_name" value="The site"><input type="hidden" name="redirect" value="SITE/thanks.html">
<input type="checkbox" name="botcheck" style="display: none">{TYPED}</form>""",
    "formsubmit": f"""<form action="https://formsubmit.co/office@site.example" method="POST">
<input type="hidden" name="_subject" value="From the site"><input type="hidden" name="_next" value="SITE/thanks.html">
<input type="hidden" name="_captcha" value="false"><input type="hidden" name="_cc" value="third@elsewhere.example">
<input type="hidden" name="_autoresponse" value="Thank you!"><input type="hidden" name="_template" value="box">
<input type="text" name="_honey" style="display:none">{TYPED}</form>""",
    "formspark": f"""<form action="https://submit-form.com/{KEY}">
<input type="hidden" name="_redirect" value="SITE/thanks.html"><input type="hidden" name="_append" value="true">
<input type="hidden" name="_email.subject" value="From the site">
<input type="checkbox" name="_honeypot" style="display:none" tabindex="-1" autocomplete="off">{TYPED}</form>""".replace(
        "<form ", '<form method="POST" '
    ),
}
"""A page of each, written as its users write them."""
HOSTS = (
    "https://formspree.io",
    "https://PRODUCT",
    "https://api.web3forms.com",
    "https://formsubmit.co",
    "https://submit-form.com",
)


@dataclass
class Stand:
    """A site, a door elsewhere, and what became of what was sent."""

    site: str
    door: str
    app: App
    folder: Path

    def answers(self) -> dict[str, str]:
        """The one submission's."""
        (submission,) = self.app.store._tables.submissions.values()  # type: ignore[attr-defined]
        return {entry.name: entry.value for entry in submission.entries}

    def count(self) -> int:
        """How many submissions there are."""
        return len(self.app.store._tables.submissions)  # type: ignore[attr-defined]

    def mailed(self) -> list[Mail]:
        """All that is due, handed over."""
        send_round(self.app, 10)
        return self.app.mailer.sent  # type: ignore[attr-defined, no-any-return]

    def write(self, name: str, page: str) -> str:
        """Put a page into the site; its address."""
        (self.folder / name).write_text(HEAD + page.replace("SITE", self.site), "utf-8")
        return f"{self.site}/{name}"


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> str:
    """Of the form's settings."""
    return str(getattr(request, "param", ""))


@pytest.fixture
def stand(tmp_path: Path, dialect: str) -> Iterator[Stand]:
    """Everything in place; the site has a page of thanks."""
    (tmp_path / "thanks.html").write_text(HEAD + "<h1>Thanks</h1>")
    fields = (
        Field(name="name", required=True),
        Field(name="email", kind="email"),
        Field(name="message", kind="textarea"),
    )
    form = Form(
        name="contact",
        managers=OPEN_FORM.managers,
        dialect=dialect,
        keys=(KEY, "office@site.example"),
        fields=fields,
        review=False,
    )
    with static_site(tmp_path) as site:
        port = free_port()
        door = f"http://127.0.0.1:{port}"
        own = Site(name="Site", url=site, door_url=door, origins=(site,))
        mailer = FakeMailer(name="smtp")
        base = make_app(form, site=own)
        app = replace(base, store=MemoryStore(), mailer=mailer, clock=utc_now)
        with serving(without_sender(app), port, lifespan="off"):
            yield Stand(site, door, app, tmp_path)


def changed(page: str, door: str) -> str:
    """The page with one line changed: its host."""
    for host in HOSTS:
        page = page.replace(host, door)
    return page


def fill(page: Page, email: str) -> None:
    """As a visitor does."""
    page.get_by_label("Name").fill("Taro")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Message").fill("Hello")


@pytest.mark.parametrize("dialect", PAGES, indirect=True)
def test_a_page_changed_by_one_line_is_stored_mailed_and_led_on(
    page: Page, stand: Stand, dialect: str
) -> None:
    """First with a fault, which a page of ours shows and sends on by the same way."""
    whole = changed(PAGES[dialect], stand.door)
    assert (
        sum(a != b for a, b in zip(whole.split("\n"), PAGES[dialect].split("\n"), strict=True)) == 1
    )
    page.goto(stand.write("contact.html", whole))
    fill(page, "taro")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check")
    assert stand.count() == 0
    page.get_by_label("email").fill("taro@visitor.example")
    page.get_by_role("button").last.click()
    page.wait_for_url(f"{stand.site}/thanks.html")
    answers = stand.answers()
    subject = next((answers.pop(n) for n in list(answers) if "subject" in n), "")
    assert answers == {"name": "Taro", "email": "taro@visitor.example", "message": "Hello"}
    mails = {str(mail.recipient): mail for mail in stand.mailed()}
    assert set(mails) == {"taro@visitor.example", "m@site.example"}
    assert subject == ("" if dialect == "netlify" else "From the site")
    assert mails["m@site.example"].subject.startswith("contact")
    assert subject in mails["m@site.example"].subject
    assert mails["m@site.example"].reply_to is not None


def bring(stand: Stand) -> None:
    """Put the scripts of npm beside the pages; skip where scripts/formspree could not bring them."""
    if not SCRIPTS.is_dir():
        pytest.skip("scripts/formspree has not brought the scripts")
    shutil.copytree(SCRIPTS, stand.folder / "lib")


AJAX = """<div data-fs-success></div><div data-fs-error></div>
<form id="contact"><input name="name" aria-label="Name" data-fs-field><span data-fs-error="name"></span>
<input name="email" aria-label="Email" data-fs-field><span data-fs-error="email"></span>
<textarea name="message" aria-label="Message"></textarea><button type="submit" data-fs-submit-btn>Send</button></form>
<script>
window.formspree = window.formspree || function () { (formspree.q = formspree.q || []).push(arguments); };
formspree("initForm", { formElement: "#contact", formId: "FORM", origin: "DOOR" });
</script><script src="lib/@formspree/ajax/dist/global.js" defer></script>"""


def test_the_script_for_plain_pages_runs_unchanged(page: Page, stand: Stand) -> None:
    """@formspree/ajax: faults beside their fields, then success; an unknown form is said as one."""
    bring(stand)
    at = stand.write("ajax.html", AJAX.replace("DOOR", stand.door).replace("FORM", KEY))
    page.goto(at)
    fill(page, "taro")
    page.get_by_role("button").click()
    expect(page.locator('[data-fs-error="email"]')).to_contain_text("Please enter a mail address")
    expect(page.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Email").fill("taro@visitor.example")
    page.get_by_role("button").click()
    expect(page.locator("[data-fs-success]")).to_have_text("Thank you!")
    assert stand.answers()["email"] == "taro@visitor.example"
    page.goto(stand.write("none.html", AJAX.replace("DOOR", stand.door).replace("FORM", "none")))
    page.get_by_role("button").click()
    expect(page.locator('[data-fs-error=""]')).to_have_text("There is no form at this address.")


REACT = """<div id="root"></div>
<script src="lib/react/umd/react.production.min.js"></script>
<script src="lib/react-dom/umd/react-dom.production.min.js"></script>
<script>
const FILES = {
  "@formspree/react": "lib/@formspree/react/dist/index.js",
  "@formspree/core": "lib/@formspree/core/dist/index.js",
  "@stripe/react-stripe-js": "lib/@stripe/react-stripe-js/dist/react-stripe.umd.js",
  "@stripe/stripe-js/pure/index.js": "lib/@stripe/stripe-js/dist/pure.js",
  "prop-types": "lib/prop-types/prop-types.min.js",
};
const made = { react: React };
function require(name) {
  if (!(name in made)) {
    const asked = new XMLHttpRequest();
    asked.open("GET", FILES[name], false);
    asked.send();
    const module = { exports: {} };
    new Function("module", "exports", "require", asked.responseText)(module, module.exports, require);
    made[name] = module.exports;
  }
  return made[name];
}
const { useForm, ValidationError } = require("@formspree/react");
const h = React.createElement;
function Contact() {
  const [state, submit] = useForm("FORM", { endpoint: "DOOR", data: { source: "react" } });
  if (state.succeeded) return h("p", { role: "status" }, "Thank you!");
  return h("form", { onSubmit: submit },
    h("input", { name: "name", "aria-label": "Name" }),
    h("input", { name: "email", "aria-label": "Email" }),
    h("p", { id: "fault" }, h(ValidationError, { field: "email", errors: state.errors })),
    h("textarea", { name: "message", "aria-label": "Message" }),
    h("button", { disabled: state.submitting }, "Send"));
}
ReactDOM.createRoot(document.getElementById("root")).render(h(Contact));
</script>"""


def test_the_script_for_react_runs_unchanged(page: Page, stand: Stand) -> None:
    """@formspree/react: useForm and ValidationError, with data of the page's own."""
    bring(stand)
    page.goto(stand.write("react.html", REACT.replace("DOOR", stand.door).replace("FORM", KEY)))
    fill(page, "taro")
    page.get_by_role("button").click()
    expect(page.locator("#fault")).to_contain_text("Please enter a mail address")
    page.get_by_label("Email").fill("taro@visitor.example")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("Thank you!")
    assert stand.answers()["source"] == "react"


NODE = """
const { createClient } = require("@formspree/core");
const [door, key] = process.argv.slice(2);
const told = (result) => result.kind === "success" ? { kind: result.kind, next: result.next }
  : { kind: result.kind, form: result.getFormErrors(), fields: result.getAllFieldErrors() };
(async () => {
  const plain = createClient(), project = createClient({ project: "site" }), options = { endpoint: door };
  const form = new FormData();
  form.set("name", "Taro");
  form.set("email", "taro@visitor.example");
  const results = [
    await plain.submitForm(key, { name: "Taro", email: "taro" }, options),
    await plain.submitForm(key, { email: "taro@visitor.example" }, options),
    await plain.submitForm("none", { name: "Taro" }, options),
    await project.submitForm("none", { name: "Taro" }, options),
    await plain.submitForm(key, form, options),
    await project.submitForm("contact", { name: "Hana", email: "hana@visitor.example" }, options),
  ];
  console.log(JSON.stringify(results.map(told)));
})();
"""


def test_the_core_of_them_runs_in_node(stand: Stand) -> None:
    """@formspree/core: each kind of answer by its own names and codes."""
    if not SCRIPTS.is_dir():
        pytest.skip("scripts/formspree has not brought the scripts")
    script = stand.folder / "client.cjs"
    script.write_text(NODE)
    (stand.folder / "node_modules").symlink_to(SCRIPTS)
    done = subprocess.run(
        ["node", str(script), stand.door, KEY],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    wrong, empty, none, none_of_project, stored, of_project = json.loads(done.stdout)
    ((field, (fault,)),) = wrong["fields"]
    assert (wrong["kind"], field, fault["code"]) == ("error", "email", "TYPE_EMAIL")
    ((field, (fault,)),) = empty["fields"]
    assert (field, fault["code"]) == ("name", "REQUIRED_FIELD_EMPTY")
    for unknown in (none, none_of_project):
        assert unknown["form"] == [
            {"code": "FORM_NOT_FOUND", "message": "There is no form at this address."}
        ]
    for result in (stored, of_project):
        assert result["kind"] == "success"
        assert result["next"].startswith(f"{stand.door}/s/")
    assert stand.count() == 2

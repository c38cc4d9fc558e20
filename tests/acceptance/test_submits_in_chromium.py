"""Whole pages, filled in and sent by a real Chromium to a real door: what it lets through passes, the rest is refused.

Each page is tried as a person would: its steps are typed and clicked, then the button is pressed. Where Chromium sends
the form, the door must take it. Where it does not, the same is sent past its checks, and the door must refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route

from support.web.doors import make_app
from support.web.local_server import serving
from todoke.configuration import read
from todoke.model.form import Site
from todoke.server.asgi import without_sender
from todoke.testing import MemoryStore
from todoke.walk.app import utc_now

pytestmark = pytest.mark.acceptance

TOML = """\
[site]
name = "Site"
url = "https://www.example.jp"
door_url = "https://forms.example.jp"
[mail]
service = "smtp"
from = "Site <forms@example.jp>"
"""
FORM = """
[forms.{name}]
page = "{name}.html"
managers = ["manager@example.jp"]
confirmation = false
"""
PAGE = """<!doctype html><html lang=en><meta charset={charset}><title>Page</title>
<form id=form method=post action="/f/{name}" {attributes}>{controls}
<button id=go>Send</button></form>{after}"""
FILES = "enctype=multipart/form-data"
END = ("press", "End")
ADD = """document.querySelector('#add').onclick = () => {
  const last = [...document.querySelectorAll('[data-row]')].at(-1);
  const row = last.cloneNode(true); row.value = ''; row.dataset.row = +last.dataset.row + 1; last.after(row) }"""
CUSTOM = """customElements.define('my-field', class extends HTMLElement { static formAssociated = true;
  connectedCallback() { this.attachInternals().setFormValue('given') } })"""


def script(text: str) -> str:
    return f"<script>{text}</script>"


def file(name: str, content: bytes = b"one", media_type: str = "") -> FilePayload:
    return {"name": name, "mimeType": media_type, "buffer": content}


@dataclass(frozen=True)
class Case:
    """A page and what is done on it: (method of a locator, its arguments...), each on the element of the selector.

    `sends` is what Chromium does; `taken` what the door does with it, where that is something else for a reason.
    """

    name: str
    controls: str
    steps: tuple[tuple[Any, ...], ...] = ()
    sends: bool = True
    taken: bool | None = None
    press: str = "#go"
    attributes: str = ""
    after: str = ""
    charset: str = "utf-8"
    stored: dict[str, Any] = field(default_factory=dict)


CASES = [
    # What stands in the page, and what a person makes of it.
    Case("preset_long", "<input name=x maxlength=5 value='Good evening'>"),
    Case("preset_short", "<input name=x minlength=8 value=abc>"),
    Case("preset_text", "<textarea name=x maxlength=9>\nA long text\nof the owner</textarea>"),
    Case(
        "preset_edited",
        "<input name=x maxlength=5 value='Good evening'>",
        (("[name=x]", "press", "End"), ("[name=x]", "press", "Backspace")),
        sends=False,
    ),
    Case(
        "short_edited",
        "<input name=x minlength=8 value=abc>",
        (("[name=x]", "press", "End"), ("[name=x]", "press", "Backspace")),
        sends=False,
    ),
    Case("preset_pattern", "<input name=x pattern=[a-z]+ value=ABC>", sends=False),
    Case("preset_email", "<input name=x type=email value=nobody>", sends=False),
    Case("preset_two", "<input name=x maxlength=2 value=abc><input name=x maxlength=2 value=def>"),
    Case(
        "lines",
        "<textarea name=x maxlength=5 required></textarea>",
        (("[name=x]", "press_sequentially", "ab\ncd"),),
    ),
    Case(
        "cut",
        "<input name=x maxlength=3>",
        (("[name=x]", "press_sequentially", "a😀b"),),
    ),
    # What only some visitors see.
    Case("noscript", "<noscript><input name=x required></noscript><input name=y value=1>"),
    Case("template", "<template><input name=x required></template><input name=y value=1>"),
    Case("hidden_required", "<input type=hidden name=x required><input name=y value=1>"),
    Case("readonly", "<input name=x required readonly><input name=y value=1>"),
    Case("disabled", "<input name=x required disabled><input name=y value=1>"),
    Case(
        "fieldset",
        "<fieldset disabled><legend><input name=l required></legend><input name=x required></fieldset>",
        (("[name=l]", "fill", "in"),),
    ),
    Case(
        "legend",
        "<fieldset disabled><legend><input name=l required></legend></fieldset>",
        sends=False,
    ),
    Case("elsewhere", "", after="<input name=x form=form required>", sends=False),
    Case("other_owner", "<input name=x required form=none><input name=y value=1>"),
    Case(
        "datalist",
        "<input name=x list=d><datalist id=d><option value=a><input name=z required></datalist>",
        (("[name=x]", "fill", "something else"),),
    ),
    Case(
        "datalist_select",
        "<input name=x list=d><datalist id=d><select name=x><option>a<option>b</select></datalist>",
        (("input[name=x]", "fill", "b"),),
        stored={"x": ["b", "a"]},
    ),
    # Groups and lists.
    Case(
        "radio", "<input type=radio name=x value=a><input type=radio name=x required>", sends=False
    ),
    Case(
        "radio_any",
        "<input type=radio name=x value=a><input type=radio name=x required>",
        (("[value=a]", "check"),),
    ),
    Case(
        "radio_settled",
        "<input type=radio name=x value=a disabled checked><input type=radio name=x value=b required>",
    ),
    Case(
        "boxes",
        "<input type=checkbox name=x value=a required><input type=checkbox name=x value=b>",
        (("[value=b]", "check"),),
        sends=False,
    ),
    Case("select", "<select name=x required><option value=''>-<option>a</select>", sends=False),
    Case(
        "select_disabled",
        "<select name=x required><option value='' disabled selected>-<option>a</select>",
        sends=False,
    ),
    Case("select_settled", "<select name=x required><option disabled selected>-<option>a</select>"),
    Case("select_empty", "<select name=x required><option>a<option value=''>none</select>"),
    Case("list_box", "<select name=x size=3 required><option>a<option>b</select>", sends=False),
    Case(
        "list_boxes",
        "<select name=x multiple required><option>a<option>b</select>",
        (("[name=x]", "select_option", ["a", "b"]),),
    ),
    # Numbers, dates, addresses, patterns.
    Case("step", "<input name=x type=number step=5 value=3>", (("[name=x]", "fill", "13"),)),
    Case(
        "step_off",
        "<input name=x type=number step=5 value=3>",
        (("[name=x]", "fill", "10"),),
        sends=False,
    ),
    Case("range", "<input name=x type=range min=3 step=5 max=21><input type=color name=y>"),
    Case(
        "date",
        "<input name=x type=date min=2026-04-01>",
        (("[name=x]", "fill", "2026-03-31"),),
        False,
    ),
    Case(
        "local", "<input name=x type=datetime-local>", (("[name=x]", "fill", "2026-03-31T10:30"),)
    ),
    Case("week", "<input name=x type=week>", (("[name=x]", "fill", "2026-W53"),)),
    Case("emails", "<input name=x type=email multiple>", (("[name=x]", "fill", " a@b , c@d "),)),
    Case(
        "emails_bad",
        "<input name=x type=email multiple>",
        (("[name=x]", "fill", "a@b;c@d"),),
        False,
    ),
    Case("url", "<input name=x type=url>", (("[name=x]", "fill", "example.jp"),), False),
    Case("pattern", "<input name=x pattern='[\\w\\-]+'>", (("[name=x]", "fill", "a b"),), False),
    Case("pattern_bad", "<input name=x pattern='[\\w.-]+'>", (("[name=x]", "fill", "a b"),)),
    Case("space", "<input name=x required>", (("[name=x]", "fill", " "),)),
    # Buttons.
    Case("draft", "<input name=x required><button id=b name=a value=d formnovalidate>", press="#b"),
    Case(
        "draft_label",
        "<input name=x required><input type=submit id=b name=a formnovalidate>",
        press="#b",
    ),
    Case(
        "draft_not_pressed",
        "<input name=x required><button name=a value=d formnovalidate>Draft</button>",
        sends=False,
    ),
    Case(
        "image", "<input name=x value=1><input name=y value=2><input type=image id=b>", press="#b"
    ),
    Case("image_named", "<input name=i.x value=1><input type=image id=b name=i>", press="#b"),
    Case("submit_named", "<input name=x value=1><input type=submit id=b name=x>", press="#b"),
    Case("novalidate", "<input name=x required>", attributes="novalidate", taken=False),
    # What scripts do.
    Case(
        "rows",
        "<input name='x[]' data-row=1><button type=button id=add>Add</button>",
        (("#add", "click"), ("[data-row='1']", "fill", "Bo"), ("[data-row='2']", "fill", "Cy")),
        after=script(ADD),
        stored={"x[]": ["Bo", "Cy"]},
    ),
    Case(
        "rows_said",
        "<input name=x type=email data-todoke-repeat data-row=1><button type=button id=add>Add</button>",
        (("#add", "click"), ("[data-row='1']", "fill", "a@b"), ("[data-row='2']", "fill", "c@d")),
        after=script(ADD),
    ),
    Case(
        "rows_unsaid",
        "<input name=x data-row=1><button type=button id=add>Add</button>",
        (("#add", "click"), ("[data-row='1']", "fill", "Bo"), ("[data-row='2']", "fill", "Cy")),
        after=script(ADD),
        taken=False,
    ),
    Case(
        "hidden_changed",
        "<input type=hidden name=x value=1><input name=y><input type=hidden name=y value=0>",
        (("[name=y]:not([type])", "fill", "typed"),),
        after=script("for (const h of document.querySelectorAll('[type=hidden]')) h.value = 'new'"),
    ),
    Case("custom", "<my-field name=x></my-field><input name=y value=1>", after=script(CUSTOM)),
    Case("dirname", "<input name=x dirname=x.dir value=1>", stored={"x.dir": ["ltr"]}),
    Case(
        "three",
        "<input name=x required><input name=x required>",
        (("[name=x] >> nth=0", "fill", "a"),),
        False,
        True,
    ),
    # Encodings.
    Case(
        "shift_jis",
        "<input name=x maxlength=4 pattern='.+😀'><select name=y><option>10時～</select>",
        (("[name=x]", "fill", "髙 😀"),),
        charset="shift_jis",
    ),
    Case(
        "plain",
        "<textarea name=x required></textarea><input name=y value=2>",
        (("[name=x]", "fill", "one\ntwo = 2\nthree"),),
        attributes="enctype=text/plain",
    ),
    # Files.
    Case("no_file", "<input type=file name=x>", attributes=FILES),
    Case("file_missing", "<input type=file name=x required>", attributes=FILES, sends=False),
    Case(
        "file_empty",
        "<input type=file name=x required accept=.txt>",
        (("[name=x]", "set_input_files", file("a.txt", b"")),),
        attributes=FILES,
    ),
    Case(
        "file_pages",
        "<input type=file name=x accept='.GPX, image/*;capture=camera'>",
        (("[name=x]", "set_input_files", file("walk.gpx", b"<gpx/>")),),
        attributes=FILES,
    ),
    Case(
        "files",
        "<input type=file name='x[]' multiple accept=audio/*>",
        (
            (
                "[type=file]",
                "set_input_files",
                [file("a.webm", bytes.fromhex("1a45dfa3") + b"\0" * 60), file("b", b"ID3\3\0")],
            ),
        ),
        attributes=FILES,
    ),
    Case(
        "folder",
        "<input type=file name=x webkitdirectory required>",
        (("[name=x]", "set_input_files", "FOLDER"),),
        attributes=FILES,
    ),
    # More than any small form has.
    Case("many", "".join(f"<input name=q{n}>" for n in range(220))),
    Case(
        "many_files",
        "".join(f"<input type=file name=p{n} required>" for n in range(6)),
        tuple((f"[name=p{n}]", "set_input_files", file(f"{n}.txt")) for n in range(6)),
        attributes=FILES,
    ),
    Case(
        "long",
        "<textarea name=x maxlength=120000></textarea>",
        (("[name=x]", "fill", "あ" * 119_990 + "\nあ"),),
    ),
]


@dataclass
class Stand:
    """The door, which has the pages too, and what it has stored."""

    address: str
    store: MemoryStore

    def stored(self) -> list[Any]:
        return list(self.store._tables.submissions.values())


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("pages")
    text = TOML
    for case in CASES:
        html = PAGE.format(**{name: getattr(case, name) for name in case.__dataclass_fields__})
        (folder / f"{case.name}.html").write_text(html, case.charset, "xmlcharrefreplace")
        text += FORM.format(name=case.name)
    (folder / "todoke.toml").write_text(text, "utf-8")
    forms = read(folder / "todoke.toml", {"TODOKE_SECRET": "ab" * 32}).forms

    async def page_file(request: Request) -> Response:
        name = request.path_params["name"]
        charset = next(case.charset for case in CASES if f"{case.name}.html" == name)
        return FileResponse(
            folder / name, headers={"Content-Type": f"text/html; charset={charset}"}
        )

    store = MemoryStore()
    app = make_app(*forms.values(), site=Site(name="Site"))
    door = without_sender(replace(app, store=store, clock=utc_now))
    routes = [Route("/site/{name}", page_file), Mount("/", door)]
    with serving(Starlette(routes=routes), lifespan="off") as address:
        yield Stand(address, store)


def take_steps(page: Page, case: Case, folder: Path) -> None:
    for selector, method, *arguments in case.steps:
        given = [str(folder) if argument == "FOLDER" else argument for argument in arguments]
        getattr(page.locator(selector), method)(*given)


def send(page: Page, case: Case) -> int:
    """Press the button; the status of what the door answers, 0 when Chromium does not send."""
    statuses: list[int] = []
    page.on(
        "response",
        lambda r: (
            statuses.append(r.status)
            if f"/f/{case.name}" in r.url and r.request.method == "POST"
            else None
        ),
    )
    page.evaluate(
        "() => { window.sent = false;"
        " document.querySelector('form').addEventListener('submit', () => { window.sent = true }) }"
    )
    button = page.locator(case.press)
    button.evaluate("(button) => button.scrollIntoView()")
    if case.sends:
        with page.expect_navigation():
            button.click()
        return statuses[0]
    button.click()
    assert page.evaluate("window.sent") is False
    return 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_chromium_sends_is_taken_and_what_it_holds_is_refused(
    page: Page, stand: Stand, case: Case, tmp_path: Path
) -> None:
    """One judgement for both: the form's rules mean here what they mean there."""
    for name in ("one.txt", "two.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7" if name == "two.pdf" else b"one")
    page.goto(f"{stand.address}/site/{case.name}.html")
    take_steps(page, case, tmp_path)
    before = len(stand.stored())
    status = send(page, case)
    if not case.sends:
        page.evaluate("document.querySelector('form').noValidate = true")
        status = send(page, replace(case, sends=True))
    taken = case.sends if case.taken is None else case.taken
    assert (status, len(stand.stored()) - before) == ((303, 1) if taken else (422, 0))
    for name, values in case.stored.items():
        found = [e.value for e in stand.stored()[-1].entries if e.name == name]
        assert found == values


def test_a_visitor_without_scripts_is_asked_what_stands_in_noscript(
    browser: Browser, stand: Stand
) -> None:
    """There the control is one like any other, and what is typed into it is kept."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{stand.address}/site/noscript.html")
    page.fill("[name=x]", "five")
    with page.expect_navigation():
        page.click("#go")
    values = {e.name: e.value for e in stand.stored()[-1].entries}
    assert values == {"x": "five", "y": "1"}
    context.close()

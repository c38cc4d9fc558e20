"""What a browser sends of whole pages, beside what we say it does: untouched, and with everything filled in.

Chromium is given our values by keyboard and mouse where it can be, must find no fault in them, and then sends the form;
the bytes that come are ours, save for the boundary.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from support.web.local_server import serving
from todoke.forms.control_kind import TRAITS
from todoke.forms.entry_list import as_it_is, most_of
from todoke.forms.fill import why_impossible
from todoke.forms.page.page import read_page
from todoke.model.charset import Charset, find_charset
from todoke.model.form import Confirmation, ControlKind, Form
from todoke.model.submission import EntryList, File
from todoke.web.door.browser import encode

pytestmark = pytest.mark.acceptance

FILES = "enctype=multipart/form-data"
PLAIN = "enctype=text/plain"


@dataclass(frozen=True)
class Shown:
    """A page's controls, the attributes of its form, and its encoding."""

    controls: str
    attributes: str
    charset: str


def shown(*controls: str, attributes: str = "", charset: str = "utf-8") -> Shown:
    return Shown("".join(controls), attributes, charset)


PAGES = {
    "texts": shown(
        "<input name=a required><input name=b value=' x~* '><textarea name=c>\none\ntwo</textarea>"
    ),
    "lengths": shown(
        "<input name=a minlength=30 maxlength=31>",
        "<textarea name=b minlength=9 maxlength=9></textarea>",
    ),
    "patterns": shown(
        r"<input name=a pattern='\d{3}-\d{4}'><input name=b pattern='[ァ-ヶー]{3,}'>",
        "<input name=c type=email pattern='.+@b[.]jp'>",
        r"<input name=d type=password pattern='(?=.*\d)(?=.*[a-z])(?=.*[A-Z]).{12,}'>",
        "<input name=e type=url pattern='http:.+'>",
    ),
    "addresses": shown(
        "<input type=email name=a required><input type=email name=b multiple>",
        "<input type=url name=c minlength=40>",
    ),
    "numbers": shown(
        "<input type=number name=a min=0.5 max=0.7 step=0.1>",
        "<input type=number name=b max=-5 min=-9 step=4 value=3>",
        "<input type=number name=c value=1e2 step=any><input type=number name=d value=many>",
    ),
    "ranges": shown(
        "<input type=range name=a><input type=range name=b min=10 max=5>",
        "<input type=range name=c value=300><input type=range name=d max=10 step=4 value=6>",
        "<input type=range name=e min=-3 max=8 step=2>",
    ),
    "dates": shown(
        "<input type=date name=a min=2020-01-02 max=2020-01-03 step=7>",
        "<input type=date name=b value=2026-02-30><input type=month name=c max=1969-11>",
        "<input type=week name=d min=2020-W10 step=3>",
        "<input type=time name=e min=22:00 max=06:00>",
        "<input type=datetime-local name=f value='2026-02-03 10:00'>",
        "<input type=color name=g value=#ABCDEF><input type=color name=h>",
    ),
    "selects": shown(
        "<select name=a><option>x<option selected>y<option>z</select>",
        "<select name=b required><option value=''>-<option value='1'> One </select>",
        "<select name=c multiple><option selected>x<option>y<option disabled>z</select>",
        "<select name=d size=3><option>x</select><select name=e><option disabled>x",
        "<optgroup disabled><option>y</optgroup><option>z</select>",
        "<select name=f><option disabled selected>x<option>y</select><select name=g></select>",
    ),
    "boxes": shown(
        "<input type=checkbox name=a><input type=checkbox name=b value=1 checked>",
        "<input type=checkbox name=b value=2><input type=hidden name=c value=0>",
        "<input type=checkbox name=c value=1><input type=radio name=d value=x>",
        "<input type=radio name=d value=y checked><input type=radio name=e required>",
        "<input type=radio name=f disabled>",
    ),
    "repeated": shown(
        "<input name=a value=x><input name=a><input type=hidden name=b value=1>",
        "<input type=hidden name=b value=2><input name='c[]'>",
    ),
    "unseen": shown(
        "<fieldset disabled><input name=a required></fieldset><template>",
        "<input name=c></template><input type=hidden name=d value='a\nb'><input>",
    ),
    "files": shown(
        "<input type=file name=a accept=.pdf><input type=file name=b accept='image/*' required>",
        "<input name=c value=é>",
        attributes=FILES,
    ),
    "names": shown(
        "<input name='a b\"&=+;'><textarea name='項目'>\n\nx</textarea>", attributes=FILES
    ),
    "files_by_name": shown(
        "<input type=file name=a><input type=file name=b required accept=.docx>"
    ),
    "shift_jis": shown(
        "<input name=項目 value='髙～€é😀'><select name=b><option>¥5,000<option>①㈱</select>",
        charset="shift_jis",
    ),
    "shift_jis_files": shown(
        "<input name=項目é value='髙～€é😀'><input type=file name=ファイル accept=.txt>",
        attributes=FILES,
        charset="shift_jis",
    ),
    "iso-2022-jp": shown(
        "<textarea name=a>日本語ｱｲｳ</textarea><input name=b value='&amp;#128512;'>",
        charset="iso-2022-jp",
    ),
    "windows-1252": shown(
        "<input name=a value='é€あ'><select name=b><option>naïve</select>", charset="windows-1252"
    ),
    "gbk": shown("<input name=a value='简体€'><input name=b value=ä>", charset="gbk"),
    "plain": shown(
        "<textarea name=a>\none\ntwo</textarea><input type=file name=b><input name=c required>",
        attributes=PLAIN,
    ),
}
SET = """([name, values]) => {
  const all = [...document.querySelectorAll('input, select, textarea')];
  const controls = all.filter(c => c.name === name && !c.disabled);
  for (const control of controls) {
    if (control.type === 'checkbox' || control.type === 'radio') control.checked = values.includes(control.value);
    else if (control.tagName === 'SELECT') for (const o of control.options) o.selected = values.includes(o.value);
    else if (control.type !== 'hidden' && !control.readOnly) control.value = values[0];
  } }"""


@dataclass
class Post:
    """What came: bodies in order, and the pages."""

    address: str = ""
    bodies: list[tuple[str, bytes]] = dataclasses.field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """Keep it."""
        self.bodies.append((request.headers["content-type"], await request.body()))
        return HTMLResponse("<title>came</title>")

    def show(self, request: Request) -> Response:
        """A page, in its encoding."""
        html, charset = page_of(request.path_params["name"])
        content = html.encode("utf-8") if charset == "utf-8" else Charset(charset).encode_form(html)
        return Response(content, media_type=f"text/html; charset={charset}")


def page_of(name: str) -> tuple[str, str]:
    case = PAGES[name]
    form = f"<form method=post action=/take {case.attributes}>{case.controls}</form>"
    return f"<!doctype html><meta charset={case.charset}>{form}", case.charset


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    made = Post()
    routes = [Route("/take", made.take, methods=["POST"]), Route("/{name}", made.show)]
    with serving(Starlette(routes=routes)) as made.address:
        yield made


def form_of(name: str) -> Form:
    html, charset = page_of(name)
    found = find_charset(charset)
    assert found
    page = read_page(html, charset=found)
    confirmation = Confirmation(field="")
    return Form(
        name="a",
        fields=page.fields,
        charset=page.charset,
        submit=page.submit,
        confirmation=confirmation,
    )


def came(post: Post, page: Page, send: str) -> tuple[str, bytes]:
    """The body that the browser sends, with our boundary."""
    with page.expect_navigation():
        page.evaluate(send)
    content_type, body = post.bodies.pop()
    kind, _, boundary = content_type.partition("; boundary=")
    ours = encode((), "multipart/form-data", Charset("utf-8"))[0].partition("; boundary=")[2]
    return kind, body.replace(boundary.encode(), ours.encode()) if boundary else body


def expected(form: Form, entries: EntryList) -> tuple[str, bytes]:
    kind, body = encode(entries, form.submit.enctype, Charset(form.charset))
    return kind.partition(";")[0], body


@pytest.mark.parametrize("name", PAGES)
def test_an_untouched_form_is_sent_as_we_say(name: str, browser: Browser, post: Post) -> None:
    """Byte for byte; `submit()` asks for no validation."""
    form = form_of(name)
    page = browser.new_page()
    page.goto(f"{post.address}/{name}")
    entries = tuple(e for f in form.fields or () for e in as_it_is(f))
    assert came(post, page, "document.forms[0].submit()") == expected(form, entries)
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_form_filled_in_is_taken_and_sent_as_we_say(
    name: str, browser: Browser, post: Post
) -> None:
    """Chromium finds no fault in our values, typed by hand as far as they can be."""
    form = form_of(name)
    page = browser.new_page()
    page.goto(f"{post.address}/{name}")
    entries = []
    for control in form.fields or ():
        sent = most_of(form, control)
        entries += sent
        fill_in(page, control.name, control.kind, sent)
    faults = "[...document.forms[0].elements].filter(e => !e.checkValidity()).map(e => e.name)"
    assert page.evaluate(faults) == []
    assert came(post, page, "document.forms[0].requestSubmit()") == expected(form, tuple(entries))
    page.close()


def fill_in(page: Page, name: str, kind: ControlKind, sent: EntryList) -> None:
    inputs = page.locator("form :is(input, textarea):not([disabled], [readonly], [type=hidden])")
    named = [i for i in inputs.all() if i.get_attribute("name") == name]
    files = [e.value for e in sent if isinstance(e.value, File)]
    texts = [e.value for e in sent if isinstance(e.value, str)]
    if files:
        for control, file in zip(named, files, strict=True):
            control.set_input_files(
                [{"name": file.name, "mimeType": file.media_type, "buffer": file.content}]
            )
    elif TRAITS[kind].has_length:
        for control, text in zip(named, texts, strict=False):
            control.clear()
            control.press_sequentially(text)
    else:
        page.evaluate(SET, [name, texts])


@pytest.mark.parametrize(
    ("control", "typed"),
    [
        ("<select name=x required><option value=''>-</select>", ""),
        ("<select name=x required><option disabled>-<option disabled>b</select>", ""),
        ("<input name=x required minlength=5 maxlength=3>", "abcdefgh"),
        ("<input name=x type=number required min=5 max=3>", "4"),
        ("<input name=x type=date required min=2026-02-01 max=2026-01-01>", "2026-01-15"),
        ("<input name=x type=week required min=2026-W09 max=2026-W08>", "2026-W09"),
    ],
)
def test_what_we_call_impossible_chromium_refuses(control: str, typed: str, page: Page) -> None:
    """Whatever is typed, and we say that nothing can be."""
    html = f"<form method=post>{control}</form>"
    (field,) = read_page(html).fields
    assert why_impossible(field)
    page.set_content(html)
    if TRAITS[field.kind].has_length:
        page.locator("[name=x]").press_sequentially(typed)
    elif typed:
        page.locator("[name=x]").fill(typed)
    assert page.evaluate("document.forms[0].checkValidity()") is False

"""The script for large files in real Chromium, before a real door and a bucket on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from support.run.serving import free_port
from support.web.browsing import static_site
from support.web.doors import make_app
from support.web.local_server import serving
from todoke.model.address import Address
from todoke.model.form import Confirmation, Field, Form, Limits, Managers, Site
from todoke.model.submission import File, Submission, first_text
from todoke.server.asgi import without_sender
from todoke.testing import MemoryBucket, MemoryStore
from todoke.walk.app import App, utc_now

pytestmark = pytest.mark.acceptance

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LARGE = (bytes(range(253)) * 13_835)[:3_500_000]
FORM = Form(
    name="jobs",
    fields=(
        Field(name="who", required=True),
        Field(name="cv", kind="file", sent_anyway=("none",)),
        Field(name="more", kind="file", multiple=True),
    ),
    managers=Managers(fixed=(Address("m@site.example"),)),
    confirmation=Confirmation(field=""),
    limits=Limits(body_bytes=20_000_000, file_bytes=10_000_000),
)
STRICT = replace(FORM, name="strict", fields=(Field(name="who", maxlength=2), *FORM.fields[1:]))
SMALL = replace(FORM, name="small", limits=Limits(body_bytes=1_000_000))
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Jobs</title><script src="{door}/todoke.js" defer></script></head>
<body><main><h1>Jobs</h1>
<form method="post" action="{door}/f/{form}" enctype="multipart/form-data" data-todoke-then="go">
<label>Name <input name="who" id="who" required></label>
<input type="hidden" name="cv" value="none">
<label>CV <input name="cv" id="cv" type="file"></label>
<label>More <input name="more" id="more" type="file" multiple></label>
<button name="go" value="first">Send</button>
<button name="go" value="second" formaction="{door}/f/jobs?second">Send otherwise</button>
</form></main>{more}</body></html>
"""
PREVENT = "<script>document.forms[0].addEventListener('submit', (e) => e.preventDefault())</script>"


@dataclass
class Stand:
    """A site, a door and a bucket, each with an origin of its own."""

    site: str
    door: str
    bucket: MemoryBucket
    store: MemoryStore
    refused: list[int] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)

    def submissions(self) -> list[Submission]:
        """What was stored, oldest first."""
        return list(self.store._tables.submissions.values())


def bucket_server(stand: Stand) -> Starlette:
    """What S3 does with a signed form: 204, or 403; `refused` are the numbers of the posts that fail."""

    async def take(request: Request) -> Response:
        async with request.form(max_part_size=2**30) as form:
            stand.posted.append(str(form["key"]))
            if len(stand.posted) in stand.refused:
                return PlainTextResponse("SlowDown", 503)
            file: Any = form["file"]
            fields = {name: str(value) for name, value in form.items() if name != "file"}
            taken = stand.bucket.post(fields, await file.read())
        return Response(status_code=204 if taken else 403)

    any_page = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["POST"])
    return Starlette(routes=[Route("/", take, methods=["POST"])], middleware=[any_page])


@pytest.fixture(params=["with a bucket"])
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    """Everything in place; with or without a bucket."""
    stand = Stand("", "", MemoryBucket(clock=utc_now), MemoryStore())
    port = free_port()
    own = Site(name="Example", door_url=f"http://127.0.0.1:{port}")
    base = make_app(FORM, STRICT, SMALL, site=own)
    with serving(bucket_server(stand), lifespan="off") as bucket_url:
        stand.bucket.url = f"{bucket_url}/"
        has_bucket = request.param == "with a bucket"
        app: App = replace(
            base, store=stand.store, clock=utc_now, bucket=stand.bucket if has_bucket else None
        )
        door = Starlette(routes=[Mount("/", without_sender(app))])
        with serving(door, port, lifespan="off") as stand.door, static_site(tmp_path) as stand.site:
            for name, form, more in (
                ("jobs", "jobs", ""),
                ("strict", "strict", ""),
                ("small", "small", ""),
                ("prevented", "jobs", PREVENT),
            ):
                page = PAGE.format(door=stand.door, form=form, more=more)
                (tmp_path / f"{name}.html").write_text(page)
            yield stand


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor."""
    context = browser.new_context()
    yield context
    context.close()


def chosen(name: str, content: bytes = LARGE) -> Any:
    """A file for a control."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def fill(context: BrowserContext, stand: Stand, name: str = "jobs", *, cv: bytes = LARGE) -> Page:
    """The form with a name and a file."""
    page = context.new_page()
    page.goto(f"{stand.site}/{name}.html")
    page.locator("#who").fill("Aoi")
    page.locator("#cv").set_input_files(chosen("cv.bin", cv))
    return page


def files_of(submission: Submission) -> list[tuple[str, str, int]]:
    """Field, name and size of its files."""
    return [
        (e.name, e.value.name, e.value.size)
        for e in submission.entries
        if isinstance(e.value, File)
    ]


def texts_of(submission: Submission) -> list[tuple[str, str]]:
    """Its other answers."""
    return [(e.name, e.value) for e in submission.entries if isinstance(e.value, str)]


def test_all_goes_as_the_browser_would_send_it(stand: Stand, context: BrowserContext) -> None:
    """The pressed button, a hidden control of the file's name, several files, and one of no bytes."""
    page = fill(context, stand)
    page.locator("#more").set_input_files([chosen("a.bin", b"a"), chosen("empty.bin", b"")])
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(f"{stand.door}/s/*")
    [submission] = stand.submissions()
    assert files_of(submission) == [
        ("cv", "cv.bin", len(LARGE)),
        ("more", "a.bin", 1),
        ("more", "empty.bin", 0),
    ]
    assert sorted(texts_of(submission)) == [("cv", "none"), ("go", "first"), ("who", "Aoi")]
    assert len(stand.posted) == 2


def test_a_button_with_an_address_of_its_own(stand: Stand, context: BrowserContext) -> None:
    """Its formaction is where the form goes, and the form's own action is as before."""
    page = fill(context, stand)
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if "/f/" in r.url else None)
    page.get_by_role("button", name="Send otherwise").click()
    page.wait_for_url(f"{stand.door}/s/*")
    assert sent == [f"{stand.door}/f/jobs?second"]
    assert ("go", "second") in texts_of(stand.submissions()[0])


def test_what_the_browser_refuses_is_not_uploaded(stand: Stand, context: BrowserContext) -> None:
    """A required field is empty: nothing leaves."""
    page = fill(context, stand)
    page.locator("#who").fill("")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#who")).to_be_focused()
    assert page.locator(".todoke-busy").count() == 0
    assert stand.posted == []


def test_a_page_s_own_script_is_left_alone(stand: Stand, context: BrowserContext) -> None:
    """Who prevents the submission sends the form itself."""
    page = fill(context, stand, "prevented")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_timeout(300)
    assert page.locator(".todoke-busy").count() == 0
    assert stand.posted == []


def test_a_second_try_sends_only_what_is_missing(stand: Stand, context: BrowserContext) -> None:
    """The second of two files fails: it is said, and pressing again does not send the first once more."""
    stand.refused = [2]
    page = fill(context, stand)
    page.locator("#more").set_input_files(chosen("more.bin", b"m" * 3_100_000))
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is confirmed")
    assert stand.submissions() == []
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(f"{stand.door}/s/*")
    assert len(stand.posted) == 3
    assert [name for _, name, _ in files_of(stand.submissions()[0])] == ["cv.bin", "more.bin"]


def test_a_double_click_is_one_submission(stand: Stand, context: BrowserContext) -> None:
    """While the files are on their way, a second press changes nothing."""
    page = fill(context, stand)
    page.get_by_role("button", name="Send", exact=True).dblclick()
    page.wait_for_url(f"{stand.door}/s/*")
    assert len(stand.posted) == 1
    assert len(stand.submissions()) == 1


def test_back_from_the_receipt_the_form_is_as_it_was(stand: Stand, context: BrowserContext) -> None:
    """Nothing of the page was changed by sending it; other answers are another submission, and its upload."""
    page = fill(context, stand)
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(f"{stand.door}/s/*")
    page.go_back()
    expect(page.locator("#who")).to_have_value("Aoi")
    expect(page.locator("#cv")).to_be_enabled()
    assert page.locator(".todoke-busy").count() == 0
    page.locator("#who").fill("Jun")
    page.locator("#cv").set_input_files(chosen("cv.bin"))
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(f"{stand.door}/s/*")
    assert [first_text(s.entries, "who") for s in stand.submissions()] == ["Aoi", "Jun"]
    assert len(set(stand.posted)) == 2


def test_our_own_page_uploads_too(stand: Stand, context: BrowserContext) -> None:
    """The hosted form, under its strict Content-Security-Policy."""
    page = context.new_page()
    page.goto(f"{stand.door}/f/jobs")
    page.get_by_label("who").fill("Aoi")
    page.get_by_label("cv").set_input_files(chosen("cv.bin"))
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"{stand.door}/s/*")
    assert len(stand.posted) == 1
    assert files_of(stand.submissions()[0]) == [("cv", "cv.bin", len(LARGE))]


def test_a_form_that_is_refused_keeps_what_is_uploaded(
    stand: Stand, context: BrowserContext
) -> None:
    """Only the server knows the rule that is broken: it is said at the control, and the file need not go again."""
    page = fill(context, stand, "strict")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("2 characters or fewer")
    expect(page.locator("#who")).to_be_focused()
    assert Axe().run(page, options=AXE).response["violations"] == []
    page.locator("#who").fill("A")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(f"{stand.door}/s/*")
    [submission] = stand.submissions()
    assert files_of(submission)[0] == ("cv", "cv.bin", len(LARGE))
    assert len(stand.posted) == 1


def test_a_file_that_was_sent_before_goes_anew(stand: Stand, context: BrowserContext) -> None:
    """Its answer was lost, and other answers go with it: the door asks for the file, and the next try brings it."""
    page = fill(context, stand)
    page.route("**/f/jobs", lambda route: (route.fetch(), route.abort()))
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is confirmed")
    page.unroute("**/f/jobs")
    page.locator("#who").fill("Jun")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This file was sent before")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(f"{stand.door}/s/*")
    assert [first_text(s.entries, "who") for s in stand.submissions()] == ["Aoi", "Jun"]
    assert len(stand.posted) == 2


@pytest.mark.parametrize("stand", ["without a bucket"], indirect=True)
def test_without_a_bucket_the_form_goes_as_it_is(stand: Stand, context: BrowserContext) -> None:
    """One machine: the script asks once, then lets the browser send everything."""
    page = fill(context, stand)
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(f"{stand.door}/s/*")
    [submission] = stand.submissions()
    assert files_of(submission) == [("cv", "cv.bin", len(LARGE))]
    assert ("go", "first") in texts_of(submission)


def test_without_javascript_small_files_go_and_large_ones_are_refused(
    stand: Stand, browser: Browser
) -> None:
    """The large one gets the form again, which says so."""
    plain = browser.new_context(java_script_enabled=False)
    page = fill(plain, stand, "small", cv=b"small")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(f"{stand.door}/s/*")
    assert files_of(stand.submissions()[0]) == [("cv", "cv.bin", 5)]
    page = fill(plain, stand, "small")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The form may hold")
    plain.close()

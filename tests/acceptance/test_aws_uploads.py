"""Large files on AWS, as ministack emulates it: from the page in S3 into the bucket, to the desk, and away again.

The real template and the real functions; Chromium posts to the bucket across origins, as visitors' browsers will.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from support.aws.buckets import s3_environment
from support.aws.site import door_by_path, put_secrets
from support.aws.stack import Ministack, deploy, ministack, package
from todoke.configuration import read
from todoke.model import ids
from todoke.ports.archive import Query
from todoke.ports.bucket import INCOMING, KEPT
from todoke.walk.app import App, utc_now
from todoke.walk.uploads.tidy import tidy_when_due
from todoke.web.desk.enter import entry_link
from todoke.wiring import build

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SECRETS = {"TODOKE_SECRET": "ab" * 32}
CONFIGURATION = """
[site]
name = "Hoshino Paper"
time_zone = "Asia/Tokyo"
url = "{site}"

[mail]
service = "smtp"
from = "Hoshino Paper <forms@hoshino-paper.example>"
[mail.smtp]
host = "127.0.0.1"
port = 9
security = "none"

[forms.jobs]
page = "site/jobs.html"
managers = ["office@hoshino-paper.example"]
"""
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>Jobs</title>
<script src="{door}/todoke.js" defer></script></head>
<body><main><h1>Work with us</h1>
<form method="post" action="{door}/f/jobs" enctype="multipart/form-data" data-todoke-then="go">
<p><label for="who">Your name</label> <input id="who" name="who" required></p>
<p><label for="cv">Your portfolio</label> <input id="cv" name="cv" type="file" accept=".pdf" required></p>
<p><label for="more">More</label> <input id="more" name="more" type="file" multiple></p>
<button name="sent" value="by-button">Apply</button>
</form></main></body></html>
"""
LARGE = b"%PDF-1.7\n" + (bytes(range(253)) * 47_432)[:12_000_000]


@dataclass(frozen=True)
class Cloud:
    """A deployed stack, and short ways to ask it."""

    aws: Ministack
    outputs: Mapping[str, str]
    app: App

    def page_url(self, language: str = "en") -> str:
        """The form's page, on another origin than the bucket's links."""
        site = self.outputs["SiteBucket"]
        return f"http://localhost:{self.aws.port}/{site}/jobs.{language}.html"

    def keys(self, prefix: str) -> list[str]:
        """What is in the bucket."""
        answer = self.aws.client("s3").list_objects_v2(
            Bucket=self.outputs["UploadsBucket"], Prefix=prefix
        )
        return [found["Key"] for found in answer.get("Contents", ())]

    @property
    def api(self) -> str:
        """The gateway by a path."""
        return door_by_path(self.aws, self.outputs)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One stack for all tests, and the owner's own hands on its table and bucket."""
    folder = tmp_path_factory.mktemp("uploads")
    with ministack(folder) as aws:
        put_secrets(aws, SECRETS)
        (folder / "site").mkdir()
        (folder / "site" / "jobs.html").write_text(PAGE.format(language="en", door=""))
        (folder / "todoke.toml").write_text(
            CONFIGURATION.format(site=f"http://localhost:{aws.port}")
        )
        files = {name: (folder / name).read_bytes() for name in ("todoke.toml", "site/jobs.html")}
        outputs = deploy(aws, package(files), SiteDelivery="website")
        for language in ("en", "ja"):
            aws.client("s3").put_object(
                Bucket=outputs["SiteBucket"],
                Key=f"jobs.{language}.html",
                Body=PAGE.format(language=language, door=outputs["DoorUrl"]).encode(),
                ContentType="text/html",
            )
        with s3_environment(aws.url):
            yield Cloud(aws, outputs, _owner(folder, outputs))


def _owner(folder: Path, outputs: Mapping[str, str]) -> App:
    """The same table and bucket, as the site's owner opens them."""
    environ = {
        "TODOKE_SECRET": SECRETS["TODOKE_SECRET"],
        "TODOKE_TABLE": outputs["TableName"],
        "TODOKE_UPLOADS": outputs["UploadsBucket"],
        "TODOKE_DOOR_URL": outputs["DoorUrl"],
    }
    return build(read(folder / "todoke.toml", environ, serving=False))


def fill(
    page: Page, cloud: Cloud, content: bytes = LARGE, language: str = "en", name: str = "Aoi"
) -> None:
    """Fill in the form as a visitor does."""
    page.goto(cloud.page_url(language))
    page.locator("#who").fill(name)
    page.locator("#cv").set_input_files(
        {"name": "紙見本.pdf", "mimeType": "application/pdf", "buffer": content}
    )


def newest(cloud: Cloud) -> Any:
    """The newest submission."""
    return cloud.app.store.page(Query(limit=1)).timelines[0].submission


def test_twelve_megabytes_reach_the_desk_and_go_again(
    cloud: Cloud, browser: Browser, page: Page
) -> None:
    """Progress is shown, the receipt follows, the content is the same at the desk, and an erasure leaves nothing."""
    posted: list[str] = []
    page.on("request", lambda r: posted.append(r.url) if r.method == "POST" else None)
    fill(page, cloud)
    page.evaluate(
        """() => {
            window.said = [];
            new MutationObserver(() => {
                const status = document.querySelector("[role=status]");
                if (status?.textContent) window.said.push(status.textContent);
            }).observe(document.body, { childList: true, subtree: true, characterData: true });
            const shown = () => {
                const bar = document.querySelector(".todoke-busy progress");
                if (bar) window.said.push(bar.value);
                requestAnimationFrame(shown);
            };
            shown();
            window.addEventListener("pagehide", () => localStorage.setItem("said", JSON.stringify(window.said)));
        }"""
    )
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"{cloud.outputs['DoorUrl']}/s/*", timeout=60_000)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert [url.partition("//")[2].partition("/")[0].partition(".")[0] for url in posted][
        1
    ] == "127"
    page.goto(cloud.page_url())
    told = json.loads(page.evaluate("localStorage.getItem('said')"))
    assert "Sending …" in told
    shares = [share for share in told if share != "Sending …"]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)

    submission = newest(cloud)
    names = [entry.name for entry in submission.entries]
    assert sorted(names) == ["cv", "sent", "who"]
    position = names.index("cv")
    file = submission.entries[position].value
    assert (file.name, file.size) == ("紙見本.pdf", len(LARGE))
    assert file.digest == hashlib.sha256(LARGE).hexdigest()

    desk = browser.new_page()
    desk.goto(entry_link(cloud.app))
    desk.get_by_role("button").first.click()
    desk.goto(f"{cloud.outputs['DoorUrl']}/desk/{submission.id}")
    with desk.expect_download() as waiting:
        desk.locator(f"a[href$='/files/{position}']").click()
    download = waiting.value
    assert download.suggested_filename == "紙見本.pdf"
    assert hashlib.sha256(Path(download.path()).read_bytes()).hexdigest() == file.digest
    desk.close()

    assert cloud.keys(f"{KEPT}{submission.id}/") != []
    assert cloud.app.store.erase(submission_id=submission.id) == 1
    assert cloud.keys(f"{KEPT}{submission.id}/") == []


def test_a_double_submit_is_one(cloud: Cloud, page: Page) -> None:
    """The same ticket twice, at once and again: one submission, one copy, one answer."""
    offers = [{"field": "cv", "name": "a.pdf", "type": "application/pdf", "size": len(LARGE)}]
    asked = urllib3.request("POST", f"{cloud.api}/u/jobs", json=offers, timeout=30)
    assert asked.status == 200, asked.data
    [upload] = asked.json()["uploads"]
    put = urllib3.request(
        "POST", upload["url"], fields=upload["fields"] | {"file": ("file", LARGE)}, timeout=60
    )
    assert put.status == 204, put.data
    before = set(cloud.keys(KEPT))
    page.goto(cloud.page_url())
    answers = page.evaluate(
        """async ([url, value]) => {
            const body = new URLSearchParams({ who: "Twice", cv: value });
            const post = () => fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
            const both = await Promise.all([post(), post()]);
            return Promise.all([...both, await post()].map((answer) => answer.json()));
        }""",
        [f"{cloud.outputs['DoorUrl']}/f/jobs", upload["value"]],
    )
    assert [answer["ok"] for answer in answers] == [True] * 3, answers
    assert len({answer["id"] for answer in answers}) == 1
    added = set(cloud.keys(KEPT)) - before
    assert len(added) == 1
    assert cloud.keys(upload["fields"]["key"]) == [upload["fields"]["key"]]
    assert cloud.app.store.erase(submission_id=answers[0]["id"]) == 1


def test_small_files_travel_in_the_form_and_lie_in_the_bucket(cloud: Cloud, page: Page) -> None:
    """No link is asked for; what comes is kept like the others."""
    posted: list[str] = []
    page.on("request", lambda r: posted.append(r.url) if r.method == "POST" else None)
    fill(page, cloud, b"%PDF-1.7 small", name="Small")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"{cloud.outputs['DoorUrl']}/s/*", timeout=60_000)
    assert [url.rpartition("/")[2] for url in posted] == ["jobs"]
    assert "/f/" in posted[0]
    submission = newest(cloud)
    [key] = cloud.keys(f"{KEPT}{submission.id}/")
    assert cloud.app.bucket is not None
    assert cloud.app.bucket.read(key) == b"%PDF-1.7 small"


def test_a_failure_is_said_and_loses_nothing(cloud: Cloud, page: Page) -> None:
    """The bucket cannot be reached: it is said, what was typed is there, and pressing again goes on."""
    fill(page, cloud, name="Again")
    page.route(f"{cloud.aws.url}/**", lambda route: route.abort())
    page.get_by_role("button", name="Apply").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing is confirmed", timeout=30_000)
    expect(page.locator("#who")).to_have_value("Again")
    assert page.evaluate("document.querySelector('#cv').files.length") == 1
    page.unroute(f"{cloud.aws.url}/**")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{cloud.outputs['DoorUrl']}/s/*", timeout=60_000)
    assert newest(cloud).entries[0].value == "Again"


def test_what_the_door_knows_beforehand_is_said_before_the_upload(cloud: Cloud, page: Page) -> None:
    """In the page's language, at the control; nothing is put into the bucket."""
    before = cloud.keys(INCOMING)
    fill(page, cloud, language="ja")
    page.locator("#more").set_input_files(
        [{"name": f"{n}.bin", "mimeType": "x/y", "buffer": b"x"} for n in range(12)]
    )
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_contain_text("個まで", timeout=30_000)
    expect(page.locator("#more")).to_be_focused()
    assert cloud.keys(INCOMING) == before


def test_the_progress_is_accessible_and_can_be_cancelled_by_keyboard(
    cloud: Cloud, page: Page
) -> None:
    """While the upload is held up: no axe finding; Tab and Enter end it, and the focus is not lost."""
    fill(page, cloud, language="ja")
    page.route(f"{cloud.aws.url}/**", lambda route: None)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("progressbar", name="送信しています…")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("送信しています")
    found = Axe().run(page, options=AXE).response["violations"]
    assert found == [], found
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="中止")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("受け付けを確認できませんでした")
    expect(page.get_by_role("button", name="Apply")).to_be_focused()
    assert Axe().run(page, options=AXE).response["violations"] == []


def test_a_crash_between_copy_and_write_is_tidied(cloud: Cloud) -> None:
    """The copy of a submission that was never written goes with a later day's sweep; the others stay."""
    now = utc_now()
    lost = f"{KEPT}{ids.submission_id(now, ids.place(b's' * 32))}/0011.00000"
    assert cloud.app.bucket is not None
    cloud.app.bucket.put(lost, b"lost")
    kept = [key for key in cloud.keys(KEPT) if key != lost]
    assert kept
    later: datetime = now + timedelta(days=2)
    assert tidy_when_due(replace(cloud.app, clock=lambda: later)) == 1
    assert cloud.keys(KEPT) == kept


def test_no_secret_or_name_of_a_file_is_in_a_log(cloud: Cloud) -> None:
    """All that the functions wrote in this whole run."""
    logs = cloud.aws.client("logs")
    written = ""
    for group in logs.describe_log_groups()["logGroups"]:
        answer = logs.filter_log_events(logGroupName=group["logGroupName"])
        written += "\n".join(event["message"] for event in answer["events"])
    for private in ("紙見本", "todoke-upload.", INCOMING, *SECRETS.values(), "Again"):
        assert private not in written

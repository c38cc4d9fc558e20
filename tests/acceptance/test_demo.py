"""`todoke demo` as a newcomer walks it in Chromium: its two forms, its inbox, its desk, and what a restart finds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from support.run.demos import Demo, demo_in
from support.run.serving import eventually, text_of

pytestmark = pytest.mark.acceptance

ARRIVED = "Accepted by the mail server"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all walks."""
    with demo_in(tmp_path_factory.mktemp("demo")) as running:
        yield running


def part(page: Page, title: str) -> Locator:
    """The part of a receipt that tells of one mail."""
    return page.locator("section.message").filter(has=page.get_by_role("heading", name=title))


def ask_for_leave(page: Page, demo: Demo, address: str, reason: str) -> None:
    """Fill in the leave request as a member of staff."""
    page.goto(demo.printed["Leave request"])
    page.get_by_label("Your mail address at work").fill(address)
    page.get_by_label("First day").fill("2026-12-24")
    page.get_by_label("Last day").fill("2026-12-25")
    page.get_by_label("Paid leave").check()
    page.get_by_label("Working days").fill("1.5")
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your message")


def name_of(address: str) -> str:
    """What stands in a mail as it was written; an address in a text is broken."""
    return address.partition("@")[0]


def test_a_leave_request_reaches_the_manager_of_whoever_asks(demo, browser):
    """The directory names the manager, and the fallback is for people it does not have; nobody else is mailed."""
    managers = {
        "aoi@example.com": "sato@example.com",
        "REN@example.com": "mori@example.com",
        "stranger@example.com": "office@hoshino-paper.example",
    }
    pages = {address: browser.new_page() for address in managers}
    for address, page in pages.items():
        ask_for_leave(page, demo, address, f"The wedding of {name_of(address)}")
    for address, page in pages.items():
        expect(part(page, "Confirmation to you")).to_contain_text(ARRIVED, timeout=20_000)
        expect(part(page, "Message to Hoshino Paper")).to_contain_text(ARRIVED, timeout=20_000)
        page.close()
        for manager in managers.values():
            mails = demo.mails(manager, f"The wedding of {name_of(address)}")
            wanted = [address] if manager == managers[address] else []
            assert [str(mail["Reply-To"]) for mail in mails] == wanted


def test_a_double_click_is_one_submission(demo, browser):
    """Two submits of one page lead to one receipt, and the manager gets one mail."""
    page = browser.new_page()
    page.goto(demo.printed["Contact form"])
    page.get_by_label("Your name").fill("Twice")
    page.get_by_label("Mail address").fill("twice@example.com")
    page.get_by_label("What is it about?").select_option("order")
    page.get_by_label("Your message").fill("Clicked twice in haste.")
    page.get_by_role("button", name="Submit").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your message")
    first = page.url
    page.go_back()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your message")
    assert page.url == first
    page.close()
    kept = [line for line in demo.command("list", "--json") if '"twice@example.com"' in line]
    assert len(kept) == 1


def test_a_failed_confirmation_is_told_corrected_and_found_again(demo, browser):
    """The manager gets an alert, the visitor corrects, the manager hears of it, and all outlives a restart."""
    page = browser.new_page()
    ask_for_leave(page, demo, "hardbounce@example.com", "Moving house")
    own = part(page, "Confirmation to you")
    expect(own).to_contain_text("Not delivered", timeout=20_000)
    page.get_by_label("Your mail address").fill("mended@example.com")
    page.get_by_role("button", name="Try this address").click()
    expect(own).to_contain_text(ARRIVED, timeout=20_000)
    assert len(demo.mails("mended@example.com")) == 1
    alerts = eventually(lambda: len(found := alerts_of(demo, "sato@example.com")) == 2 and found)
    assert any("hardbounce@example.com" in text for text in alerts)
    assert any("mended@example.com" in text for text in alerts)
    receipt = page.url.partition("/s/")[2]
    demo.stop()
    demo.start()
    page.goto(f"{demo.printed['Sample site']}s/{receipt}")
    expect(own).to_contain_text(ARRIVED)
    assert len(demo.mails("mended@example.com")) == 1
    page.goto(demo.printed["Desk"])
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("link", name="hardbounce@example.com")).to_be_visible()
    stranger = browser.new_context().new_page()
    stranger.goto(demo.printed["Desk"])
    stranger.get_by_role("button", name="Enter").click()
    expect(stranger.get_by_role("link", name="hardbounce@example.com")).to_have_count(0)
    stranger.context.close()
    page.close()


def alerts_of(demo: Demo, to: str) -> list[str]:
    """The texts of the mails to this address that are no notifications (those have a List-Id)."""
    return [text_of(mail) for mail in demo.mails(to) if mail["List-Id"] is None]


def test_its_commands_work_as_they_are_pasted(demo):
    """In a shell in the folder where it was started, where nobody put `todoke` on the PATH."""
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(demo.folder)}
    (command,) = demo.commands
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=demo.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert demo.printed["Sample site"] + "desk/enter#code=" in done.stdout

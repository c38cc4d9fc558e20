"""`todoke suppressions --read` and `--lift`: the list asked for now, and an address taken off it, at a command line."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.mail.postmark_server import STAYS, TOKEN, PostmarkScript, postmark_server
from todoke.cli.main import run
from todoke.ports.suppressions import SuppressionList
from todoke.stores.sqlite.store import SqliteStore

CONFIG = """\
[site]
name = "Example"
door_url = "https://forms.example.jp"
[mail]
service = "postmark"
from = "forms@example.jp"
postmark = {{url = "{url}", webhook = false}}
[forms.contact]
managers = ["manager@example.jp"]
"""
GONE, CROSS = "Gone+1@Example.com", "cross@example.com"


class Terminal(io.StringIO):
    """A person who answers."""

    def isatty(self) -> bool:
        """They sit there."""
        return True


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostmarkScript]:
    """A site whose service has two addresses on its list, as the working folder."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("TODOKE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    monkeypatch.setenv("TODOKE_POSTMARK_API_KEY", TOKEN)
    SqliteStore(tmp_path / "data" / "todoke.db").close()
    made = PostmarkScript(
        suppressed={
            GONE: ("HardBounce", "2026-05-06T07:08:09Z"),
            CROSS: ("SpamComplaint", "2026-05-06T07:08:09Z"),
        }
    )
    with postmark_server(made) as url:
        Path("todoke.toml").write_text(CONFIG.format(url=url))
        yield made


def kept() -> list[SuppressionList]:
    """The lists as they are kept."""
    with closing(SqliteStore(Path("data") / "todoke.db")) as store:
        return list(store.suppressions())


def test_the_list_is_read_and_printed(
    script: PostmarkScript, capsys: pytest.CaptureFixture[str]
) -> None:
    """With why, and the command that lifts one."""
    assert run(["suppressions"]) == 0
    assert "No list has been read yet: --read" in capsys.readouterr().out
    assert run(["suppressions", "--read"]) == 0
    said = capsys.readouterr().out
    for text in (
        "2 addresses",
        f"{GONE}  since 2026-05-06 07:08:09 UTC  Mail to it came back for good.",
        "the service says: HardBounce",
        "todoke suppressions --lift ADDRESS",
    ):
        assert text in said
    assert run(["suppressions", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["code"] for row in rows} == {"HardBounce", "SpamComplaint"}
    assert script.suppressed


def test_one_is_lifted(script: PostmarkScript, capsys: pytest.CaptureFixture[str]) -> None:
    """As the list spells it, however it was typed; the kept copy has it no more; it stands in the trail and the log."""
    run(["suppressions", "--read"])
    capsys.readouterr()
    assert run(["suppressions", "--lift", "gone+1@example.COM", "--yes"]) == 0
    assert f"postmark sends to {GONE} again." in capsys.readouterr().out
    assert set(script.suppressed) == {CROSS}
    [listed] = kept()
    assert [s.address for s in listed.suppressions] == [CROSS]
    with closing(SqliteStore(Path("data") / "todoke.db")) as store:
        [act] = store.acts(before="", limit=9).acts
    assert (act.deed, act.by) == ("lifted", "")
    log = Path("data/security.log").read_text()
    assert '"lifted"' in log
    assert "example.com" not in (log + act.detail).lower()


def test_what_the_service_keeps(script: PostmarkScript, capsys: pytest.CaptureFixture[str]) -> None:
    """Is exit 1, in its words; the list says it later, too."""
    run(["suppressions", "--read"])
    capsys.readouterr()
    assert run(["suppressions", "--lift", CROSS, "--yes"]) == 1
    assert f"postmark keeps it, and says: {STAYS}" in capsys.readouterr().out
    assert run(["suppressions", "--lift", CROSS, "--yes", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told == {"service": "postmark", "lifted": False, "refusal": STAYS}
    run(["suppressions"])
    assert f"kept by the service, which says: {STAYS}" in capsys.readouterr().out
    assert CROSS in script.suppressed


def test_it_asks_first(
    script: PostmarkScript, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it does is said; no is no, and where nobody is there to ask nothing is done."""
    run(["suppressions", "--read"])
    capsys.readouterr()
    assert run(["suppressions", "--lift", CROSS]) == 2
    assert "add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert run(["suppressions", "--lift", CROSS]) == 1
    said = capsys.readouterr().err
    for text in ("harms your standing", "called one unwanted", f"sent to {CROSS} again? [y/N]"):
        assert text in said
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert run(["suppressions", "--lift", GONE]) == 0
    assert set(script.suppressed) == {CROSS}


def test_a_list_that_is_old_is_read_first(script: PostmarkScript) -> None:
    """An address that came onto it since is found, as the service spells it."""
    assert run(["suppressions", "--lift", "gone+1@example.com", "--yes"]) == 0
    assert set(script.suppressed) == {CROSS}


@pytest.mark.parametrize(
    "typed", ["nobody@example.com", "nobody", "\x1b[2J@x.example", "a@x\n@y.example", "\udcff"]
)
def test_what_is_not_on_the_list(
    script: PostmarkScript, typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Is exit 1 and a sentence; Postmark would say that it is lifted, so it is not asked."""
    assert run(["suppressions", "--lift", typed, "--yes"]) == 1
    said = capsys.readouterr().out
    assert "is not on the list of postmark." in said
    assert "\x1b" not in said
    assert [start.split()[0] for start, _, _ in script.requests] == ["GET"]


def test_a_service_that_is_not_there(
    script: PostmarkScript, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1 and one sentence, without the token; the list stays as it was."""
    run(["suppressions", "--read"])
    text = Path("todoke.toml").read_text()
    Path("todoke.toml").write_text(text.replace("http://127.0.0.1:", "http://127.0.0.1:1/"))
    capsys.readouterr()
    for words in (["--read"], ["--lift", GONE, "--yes"]):
        assert run(["suppressions", *words]) == 1
        said = capsys.readouterr().err
        assert "cannot be asked" in said
        assert TOKEN not in said
    assert len(kept()[0].suppressions) == 2
    assert GONE in script.suppressed


def test_a_service_without_a_list_or_without_a_call(
    script: PostmarkScript, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, and how it is done by hand."""
    text = Path("todoke.toml").read_text()
    Path("todoke.toml").write_text(text.replace('"postmark"', '"smtp"'))
    assert run(["suppressions", "--lift", GONE, "--yes"]) == 2
    assert "no list that can be read" in capsys.readouterr().err
    monkeypatch.setenv("TODOKE_CMC_API_KEY", "key-5f2e")
    monkeypatch.setenv("TODOKE_CMC_HOOK_SECRET", "0123456789abcdef0123456789abcdef")
    cloud = '"customers-mail-cloud"\ncustomers_mail_cloud = {api_user = "u@example.jp"}'
    Path("todoke.toml").write_text(text.replace('"postmark"', cloud))
    assert run(["suppressions", "--lift", GONE, "--yes"]) == 2
    assert "Pro plan" in capsys.readouterr().err
    assert run(["suppressions", "--lift", GONE, "--read"]) == 2
    assert script.requests == []

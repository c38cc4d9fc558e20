"""docs/adding-a-service.md is true: the files it names exist, and the service it builds is a service."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from support.places import ROOT

PAGE = (ROOT / "docs" / "adding-a-service.md").read_text("utf-8")
FILES = dict(re.findall(r"(?ms)^```python\n# (\w+\.py)\n(.*?)^```", PAGE))
SITE = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
import todoke.services
todoke.services.__path__.append(sys.argv[1])
from todoke.services.pigeon.service import PIGEON
from todoke.model.address import Address
from todoke.model.delivery import Kind
from todoke.model.errors import Malformed, SendUnknown
from todoke.model.mail import Mailbox
from todoke.model.settings import MailSettings, Settings
from todoke.model.form import Site
from todoke.ports.diagnosis import Consultation, Verdict
from todoke.ports.events import HookRequest
from todoke.services.service import Choice
from todoke.toml.findings import Findings
from todoke.toml.schema import Schema
from todoke.toml.table import Table

def table(values):
    return Table(Findings("f", {}), Schema({"mail.pigeon": PIGEON.keys}), "mail.pigeon", (), values)

without = table({})
PIGEON.read(without, {}, Choice("pigeon"))
assert [f.severity for f in without.findings.found] == ["error", "error"]
whole = table({"timeout": "2s"})
environ = {secret.variable: "x" * 32 for secret in PIGEON.secrets}
own = PIGEON.read(whole, environ, Choice("pigeon"))
assert whole.findings.found == [] and own.timeout_seconds == 2 and own.lock.secret.matches("x" * 32)
mail = MailSettings(service="pigeon", own=own, sender=Mailbox(name="", address=Address("a@garden.example")))
site = Settings(site=Site(name="x"), mail=mail, forms={}, data=Path(), secret=b"s" * 32)
mailer = PIGEON.open_mailer(site)
assert (mailer.name, mailer.ceiling) == ("pigeon", own.ceiling)
from todoke.services.pigeon.mailer import read_taken
assert read_taken(b'{"id": "p1"}').id == "p1"
for unreadable in (b"", b" ", b"<html>ok</html>", b"{}", b'{"id": ""}', b'{"id": 1}', b"\\xff"):
    try:
        read_taken(unreadable)
    except SendUnknown:
        continue
    raise AssertionError(unreadable)
now = datetime(2026, 5, 6, tzinfo=UTC)
source = PIGEON.open_events(own)
body = b'{"event": "loft is full", "at": 1, "reference": "t"}'
[event] = source.read(HookRequest(headers={}, body=body), now)
assert (event.kind, event.token, event.raw) == (Kind.BOUNCED, "t", body)
[event] = source.read(HookRequest(headers={}, body=b'{"event": "sang"}'), now)
assert event.kind is Kind.OTHER
for forged in (b"{", b"[]", b'{"at": 1000000000000000000}', b'{"at": true}', b'{"event": ["landed"]}'):
    try:
        source.read(HookRequest(headers={}, body=forged), now)
    except Malformed:
        continue
    raise AssertionError(forged)
consultation = Consultation(settings=site, seconds=0.1, clock=lambda: now)
assert PIGEON.open_doctor(consultation).needs_of_domain().envelope == "garden.example"
"""


def test_the_files_that_it_names_exist() -> None:
    """But for those of the service that it builds."""
    named = set(re.findall(r"`((?:src|tests|docs|services|ports)/[\w./-]+\.(?:py|md))`", PAGE))
    assert named
    missing = {
        name
        for name in named
        if "pigeon" not in name
        and not any((root / name).exists() for root in (ROOT, ROOT / "src" / "todoke"))
    }
    assert missing == set()
    for link in re.findall(r"\]\(([\w./-]+\.md)", PAGE):
        assert (ROOT / "docs" / link).exists()


def test_the_service_that_it_builds_is_one(tmp_path: Path) -> None:
    """Its code is put together as the page says, read, opened, and asked."""
    assert set(FILES) == {"settings.py", "mailer.py", "events.py", "doctor.py", "service.py"}
    folder = tmp_path / "pigeon"
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SITE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")

"""What the guard makes of honest messages and of spam, and what it costs at the door.

python bench/guard.py [--table]

The samples are in tests/samples, written for this. They say what the signals do, and not how much of the spam that a
site really gets would be caught. `--table` prints the table of docs/guard.md alone, by which a test compares it.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from todoke.model.address import Address
from todoke.model.form import Form, Site
from todoke.model.mail import Mailbox
from todoke.model.settings import MailSettings, Settings
from todoke.model.submission import Entry, EntryList
from todoke.stores.memory.store import MemoryStore
from todoke.walk.app import utc_now
from todoke.walk.guard import Guard
from todoke.walk.learn import Teacher
from todoke.web.door.circumstances import Observer

SAMPLES = Path(__file__).resolve().parents[1] / "tests" / "samples"
SITE = Site(
    name="Site", url="https://www.site.example", door_url="https://forms.site.example",
    origins=("https://www.site.example",),
)  # fmt: skip
FORM = Form(name="contact")
THRESHOLD = 8

_HEAD = re.compile(r"== (?:\[(\w+)\] )?(.*) <(.*)> ?(.*)")
_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/143.0.0.0 Safari/537.36"
)
_PAGE = {
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "accept-language": "ja,en-US;q=0.7,en;q=0.3",
    "origin": "https://www.site.example",
    "referer": "https://www.site.example/contact",
}
_NAVIGATION = {
    "sec-fetch-site": "same-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    "sec-fetch-user": "?1",
}
BROWSERS: Mapping[str, Mapping[str, str]] = {
    "Chrome, a form": {"user-agent": _CHROME, **_PAGE, **_NAVIGATION},
    "Firefox, a form": {
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        **_PAGE,
        **_NAVIGATION,
    },
    "Chrome, a script": {
        "user-agent": _CHROME,
        **_PAGE,
        "accept": "application/json",
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "cors",
        "sec-fetch-dest": "empty",
    },
    "an old Safari, a page without a referrer": {
        "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/15.6 Mobile/15E148 Safari/604.1",
        "accept": _PAGE["accept"],
        "accept-language": "ja",
        "origin": "null",
    },
}
"""Header fields as browsers send them."""
SENDERS: Mapping[str, Mapping[str, str]] = {
    "a program that says so": {
        "user-agent": "python-requests/2.32.3",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
    },
    "a program that calls itself Chrome": {
        "user-agent": _CHROME,
        "accept": "*/*",
        "origin": "https://www.site.example",
    },
    "a real browser": BROWSERS["Chrome, a form"],
}
"""Who sends the spam."""


class Sample(NamedTuple):
    """One message: of which kind ("" of honest ones), who wrote it, and what."""

    kind: str
    name: str
    email: str
    subject: str
    message: str

    @property
    def entries(self) -> EntryList:
        """As a contact form sends it, the mail address aside."""
        texts = {"name": self.name, "subject": self.subject, "message": self.message}
        return tuple(Entry(name, text) for name, text in texts.items())


def samples(name: str) -> list[Sample]:
    """Those of one file, in its order."""
    text = (SAMPLES / name).read_text("utf-8")
    parts = re.split(r"(?m)^(?=== )", text)[1:]
    return [_sample(*part.partition("\n")[::2]) for part in parts]


def _sample(head: str, message: str) -> Sample:
    found = _HEAD.fullmatch(head)
    if found is None:
        raise SystemExit(f"no head of a sample: {head}")
    kind, name, email, subject = found.groups(default="")
    return Sample(kind, name, email, subject, message.rstrip("\n").replace("\n", "\r\n"))


def scope_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """The scope of a request with these header fields."""
    given = {"host": "forms.site.example", **fields}
    return {"type": "http", "headers": [(k.encode(), v.encode()) for k, v in given.items()]}


def observer() -> Observer:
    """What reads the circumstances at this site."""
    mail = MailSettings(service="smtp", sender=Mailbox(name="", address=Address("a@site.example")))
    settings = Settings(site=SITE, mail=mail, forms={}, data=Path(), secret=b"s" * 32)
    return Observer(settings, utc_now)


def guard() -> Guard:
    """A guard that saw nothing before, and was taught nothing."""
    return Guard(SITE, THRESHOLD, Teacher(b"s" * 32), MemoryStore())


def is_caught(sample: Sample, fields: Mapping[str, str], *, trap: bool) -> bool:
    """Whether it is put in review, at a guard that saw nothing before."""
    entries = (*sample.entries, Entry("_gotcha", sample.name)) if trap else sample.entries
    known = observer().circumstances(scope_of(fields), FORM, ())
    return bool(guard().signals(FORM, entries, known))


def table() -> Iterator[str]:
    """The lines of the table: how many of each kind are caught, by who sends them, and whether a trap is filled."""
    ways = [(name, fields, trap) for trap in (False, True) for name, fields in SENDERS.items()]
    said = [f"{name}{', a trap filled' if trap else ''}" for name, _, trap in ways]
    yield f"| kind | samples | {' | '.join(said)} |"
    yield f"|---|{'---|' * (len(ways) + 1)}"
    spam = samples("spam.txt")
    for kind in (*dict.fromkeys(s.kind for s in spam), ""):
        some = [s for s in spam if kind in ("", s.kind)]
        caught = [str(sum(is_caught(s, f, trap=t) for s in some)) for _, f, t in ways]
        yield f"| {kind or 'all'} | {len(some)} | {' | '.join(caught)} |"


def honest_lines() -> Iterator[str]:
    """How many honest messages are put in review, by the browser that sends them; each guard sees all of them."""
    honest = [*samples("honest.en.txt"), *samples("honest.ja.txt")]
    for name, fields in BROWSERS.items():
        one, known = guard(), observer().circumstances(scope_of(fields), FORM, ())
        held = sum(bool(one.signals(FORM, s.entries, known)) for s in honest)
        yield f"{name}: {held} of {len(honest)} honest messages in review"


def cost_lines() -> Iterator[str]:
    """Microseconds for one submission: the circumstances read and all signals looked for."""
    honest = [*samples("honest.en.txt"), *samples("honest.ja.txt")]
    longest = "".join(piece * 4_000 for piece in ("[/url", "<a ", "https://", "www.", "aB"))
    some = {
        "an ordinary form (200 honest messages)": [s.entries for s in honest],
        f"a text of {len(longest):,} characters made to take long": [(Entry("name", longest),)],
    }
    for name, lists in some.items():
        took = [_microseconds(lists) for _ in range(20)]
        yield f"{name}: median {statistics.median(took):.1f} µs, least {min(took):.1f} µs"


def _microseconds(lists: list[EntryList]) -> float:
    one, watching = guard(), observer()
    scopes = [scope_of(BROWSERS["Chrome, a form"]) for _ in lists]
    begun = time.perf_counter()
    for entries, scope in zip(lists, scopes, strict=True):
        one.signals(FORM, entries, watching.circumstances(scope, FORM, ()))
    return (time.perf_counter() - begun) / len(lists) * 1e6


def main() -> None:
    """Print the table, and unless it is all that is asked for, the rest."""
    print("\n".join(table()))
    if "--table" not in sys.argv:
        print("\n".join(("", *honest_lines(), "", *cost_lines())))


if __name__ == "__main__":
    main()

"""How well returned mail is read: todoke beside flufl.bounce and Sisimai, on public sets of real bounces.

python bench/bounces.py CORPORA [--python PYTHON_WITH_FLUFL_BOUNCE] [--sisimai LIB_OF_P5_SISIMAI] [--misses dev]

CORPORA holds bounce-sisimai, bounce-flufl and bounce-other. Families of mails (by the name of what wrote them) are
parted by a hash of the name: the rules were written with `dev` in sight, `held-out` was only ever counted.

`recipients`: the mails of which exactly the labelled recipients were found. `kind` and macro-F1: over the recipients
of the Sisimai set, whose labels say why. A label is hard when its authors call it so and no code of class 4 says
otherwise. `false hard`: recipients that are not hard by label, and called so, of all with a label. The labels of each
set are those of one of the other two, so each of these is measured on its own answers there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from todoke.model.errors import MalformedMail
from todoke.returned.read import read
from todoke.returned.returned import ReturnKind

BLOCKED = {
    "authfailure",
    "badreputation",
    "blocked",
    "contenterror",
    "norelaying",
    "notcompliantrfc",
    "policyviolation",
    "rejected",
    "requireptr",
    "securityerror",
    "spamdetected",
    "virusdetected",
}
"""Sisimai's reasons that speak of the sender or the mail."""
CLASSES = ("hard", "soft", "blocked", "complaint", "automatic reply", "delivered")
OURS = {
    ReturnKind.DELAYED: "soft",
    ReturnKind.RELAYED: "delivered",
    ReturnKind.EXPANDED: "delivered",
    ReturnKind.AUTOMATIC_REPLY: "automatic reply",
}
FLUFL = """
import json, sys, email
from flufl.bounce import all_failures
for line in sys.stdin:
    with open(line.strip(), "rb") as file:
        soft, hard = all_failures(email.message_from_binary_file(file))
    clean = lambda names: sorted({(x.decode() if isinstance(x, bytes) else x).lower() for x in names})
    print(json.dumps([[x, "hard"] for x in clean(hard)] + [[x, "soft"] for x in clean(soft)]), flush=True)
"""
SISIMAI = """
use Sisimai; use JSON; $| = 1;
while( my $path = <STDIN> ) {
    chomp $path;
    my $found = eval { Sisimai->rise($path, 'delivered' => 1, 'vacation' => 1) } || [];
    my @all = map { [ lc $_->recipient->address, $_->reason, $_->hardbounce ? 1 : 0 ] } @$found;
    print encode_json(\\@all), "\\n";
}
"""


@dataclass(frozen=True)
class Labelled:
    """One mail with what its labels say: recipients, and the class of each (None: not labelled)."""

    path: Path
    expected: tuple[tuple[str, str | None], ...]
    has_recipients: bool

    @property
    def is_held_out(self) -> bool:
        """Whether it was kept aside while the rules were written."""
        return hashlib.sha256(family(self.path).encode()).digest()[0] % 2 == 1


def family(path: Path) -> str:
    """What wrote a mail, by its file's name; one name in all sets."""
    if "flanker" in str(path):
        return f"flanker-{path.stem}"
    return re.sub(r"[-_]\d+$", "", re.sub(r"^[lr]host-", "", path.stem))


def labelled(corpora: Path) -> Iterator[Labelled]:
    """All mails of the three sets."""
    for row in _rows(corpora / "bounce-sisimai"):
        names = [name.lower() for name in row["recipients"]]
        # What is redacted, or written in no header, is nobody.
        is_named = not any(
            "libsisimai.org.invalid" in name or name.startswith("redacted@") for name in names
        )
        pairs = dict(zip(names, map(class_of, row["expected"]), strict=False))
        yield Labelled(corpora / "bounce-sisimai" / row["file"], tuple(pairs.items()), is_named)
    for row in _rows(corpora / "bounce-flufl"):
        names = [name.lower() for one in row["expected"] or [] for name in one["addresses"]]
        expected = tuple((name, None) for name in dict.fromkeys(names))
        yield Labelled(
            corpora / "bounce-flufl" / row["file"], expected, row["expected"] is not None
        )
    for path in sorted((corpora / "bounce-other").rglob("*.eml")):
        is_complaint = "complaint" in str(path)
        yield Labelled(path, (("", "complaint" if is_complaint else None),), has_recipients=False)


def _rows(folder: Path) -> Iterator[dict]:
    for line in (folder / "labels.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row.get("decoders_agree", True):
            yield row


def class_of(label: dict) -> str:
    """The class of a label of Sisimai's."""
    is_temporary = label["status"].startswith("4") or label["replycode"].startswith("4")
    if label["reason"] in {"feedback", "delivered", "vacation"}:
        return {"feedback": "complaint", "vacation": "automatic reply"}.get(
            label["reason"], "delivered"
        )
    if label["hardbounce"] and not is_temporary:
        return "hard"
    return "blocked" if label["reason"] in BLOCKED else "soft"


Answer = list[tuple[str, str]]


def ours(paths: Iterable[Path]) -> Iterator[Answer]:
    """What todoke says: recipients and classes."""
    for path in paths:
        try:
            said = read(path.read_bytes())
        except MalformedMail:
            said = []
        yield [
            (one.recipient.lower(), OURS.get(one.kind, one.kind.value))
            for one in said
            if one.kind not in {ReturnKind.ORDINARY, ReturnKind.READ_RECEIPT}
        ]


def others(command: list[str], paths: list[Path]) -> list[list]:
    """What another reader says, asked in a process of its own, one path a line."""
    told = "".join(f"{path}\n" for path in paths)
    done = subprocess.run(
        command, input=told, capture_output=True, text=True, check=False, timeout=300
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    if len(answers) != len(paths):
        sys.exit(f"{command[0]} answered {len(answers)} of {len(paths)}: {done.stderr[-500:]}")
    return answers


def of_sisimai(answers: list[list]) -> list[Answer]:
    """Its answers in our classes, by the mapping of its labels."""
    label = {"status": "", "replycode": ""}
    return [
        [
            (name, class_of({**label, "reason": reason, "hardbounce": bool(hard)}))
            for name, reason, hard in answer
        ]
        for answer in answers
    ]


@dataclass(frozen=True)
class Figures:
    """What is counted of one reader on one half."""

    recipients: str
    kind: str
    f1: str
    false_hard: str
    by_class: str


def figures(mails: list[Labelled], answers: list[Answer], *, has_classes: bool) -> Figures:
    """Count."""
    with_names = [(m, a) for m, a in zip(mails, answers, strict=True) if m.has_recipients]
    right = sum(_has_right_names(m, a) for m, a in with_names)
    pairs = Counter(pair for m, a in zip(mails, answers, strict=True) for pair in _pairs(m, a))
    total = sum(pairs.values())
    false_hard = sum(n for (truth, said), n in pairs.items() if said == "hard" != truth)
    scores = {c: f1_of(pairs, c) for c in CLASSES if any(truth == c for truth, _ in pairs)}
    return Figures(
        recipients=_share(right, len(with_names)),
        kind=_share(sum(n for (t, s), n in pairs.items() if t == s), total) if has_classes else "",
        f1=f"{sum(scores.values()) / len(scores):.3f}" if has_classes and scores else "",
        false_hard=_share(false_hard, total),
        by_class=", ".join(f"{c} {s:.2f}" for c, s in scores.items()) if has_classes else "",
    )


def _has_right_names(mail: Labelled, answer: Answer) -> bool:
    said = {name for name, kind in answer if kind != "automatic reply" and name}
    return said == {name for name, _ in mail.expected}


def _pairs(mail: Labelled, answer: Answer) -> Iterator[tuple[str, str]]:
    """Truth and answer for each labelled recipient; where the name was missed, the only class that was said."""
    by_name = dict(answer)
    classes = {kind for _, kind in answer}
    for name, truth in mail.expected:
        if truth is not None:
            only = next(iter(classes)) if len(classes) == 1 else "nothing"
            yield truth, by_name.get(name, only)


def f1_of(pairs: Counter[tuple[str, str]], one: str) -> float:
    """The harmonic mean of precision and recall of a class."""
    hit = pairs[one, one]
    said = sum(n for (_, s), n in pairs.items() if s == one)
    true = sum(n for (t, _), n in pairs.items() if t == one)
    return 2 * hit / (said + true) if said + true else 0.0


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} ({100 * part / whole:.1f} %)" if whole else "-"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--python", help="a Python in which flufl.bounce is installed")
    parser.add_argument("--sisimai", help="the folder lib of a copy of p5-sisimai")
    parser.add_argument(
        "--misses", choices=["dev"], help="show what was missed; of the held-out half never"
    )
    chosen = parser.parse_args()
    everything = list(labelled(chosen.corpora))
    print("| half | reader | recipients | kind | macro-F1 | false hard | F1 of each class |")
    print("|---|---|---|---|---|---|---|")
    for half in ("dev", "held-out"):
        mails = [mail for mail in everything if mail.is_held_out == (half == "held-out")]
        paths = [mail.path for mail in mails]
        said = {"todoke": (list(ours(paths)), True)}
        if chosen.python:
            said["flufl.bounce"] = (others([chosen.python, "-c", FLUFL], paths), False)
        if chosen.sisimai:
            told = others(["perl", f"-I{chosen.sisimai}", "-e", SISIMAI], paths)
            said["Sisimai"] = (of_sisimai(told), True)
        for reader, (answers, has_classes) in said.items():
            f = figures(mails, answers, has_classes=has_classes)
            print(
                f"| {half} | {reader} | {f.recipients} | {f.kind} | {f.f1} | {f.false_hard} | {f.by_class} |"
            )
        if chosen.misses == half:
            _show_misses(mails, said["todoke"][0])


def _show_misses(mails: list[Labelled], answers: list[Answer]) -> None:
    for mail, answer in zip(mails, answers, strict=True):
        if (mail.has_recipients and not _has_right_names(mail, answer)) or any(
            t != s for t, s in _pairs(mail, answer)
        ):
            print(mail.path.name, mail.expected, answer, file=sys.stderr)


if __name__ == "__main__":
    main()

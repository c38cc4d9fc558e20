"""Programs: new code, which is ordinary, and what may change with it: where the code comes from, and its settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stack_review.change_set import MISSING
from stack_review.compare import Step
from stack_review.differences import Path, is_same, leaves
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.around import Around
from stack_review.judges.phrases import finding, from_to, in_words, inside, listed, shown
from stack_review.judges.places import is_within
from stack_review.template import Json

_CODE = {
    "AWS::CloudFront::Function": "FunctionCode",
    "AWS::Lambda::Function": "Code.ImageUri Code.S3Bucket Code.S3Key Code.S3ObjectVersion Code.ZipFile Handler Runtime"
    " Architectures Layers",
    "AWS::Lambda::LayerVersion": "Content.S3Bucket Content.S3Key Content.S3ObjectVersion",
    "AWS::Lambda::Version": "CodeSha256",
    "AWS::StepFunctions::StateMachine": "Definition DefinitionString DefinitionS3Location",
}
"""Properties that are the program itself."""
_SOURCES = ("Code.S3Bucket", "Content.S3Bucket", "DefinitionS3Location.Bucket")
_IMAGES: Mapping[str, tuple[Path, ...]] = {
    "AWS::Lambda::Function": (("Code", "ImageUri"),),
    "AWS::ECS::TaskDefinition": (("ContainerDefinitions", "[]", "Image"),),
}
_VARIABLES = "Environment.Variables"
_MARKS = re.compile(r"(?:^|_)(GENERATION|REVISION|COMMIT|BUILD(_ID)?)$", re.IGNORECASE)
"""Names of settings that say which deployment it is."""
_LEVELS = {"trace", "debug", "info", "notice", "warn", "warning", "error"}
"""How much is logged, where the name of the setting speaks of a log."""
_TRY = "Try what it does: nothing here tells whether it works."


def judge(step: Step, around: Around) -> Iterator[Finding]:
    """Findings about the program of one step."""
    if step.before is None or step.after is None or step.before.type != step.after.type:
        return
    names = [n for n in _CODE.get(step.type, "").split() if not _is_same(step, n)]
    if names:
        yield finding(
            step, Topic.AVAILABILITY, Severity.NOTE, "The program is another one, without an interruption.", _TRY,
            f"{', '.join(names)} changes",
        )  # fmt: skip
    for path in (path for path in _SOURCES if not _is_same(step, path)):
        before, after = inside(step.before, path), inside(step.after, path)
        if MISSING not in (before, after):
            yield _from_elsewhere(step, from_to(path, before, after))
    yield from _images(step)
    yield from _layers(step, around)
    if step.type == "AWS::Lambda::Function":
        yield from _settings(step)


def known_places(type_: str) -> Iterator[Path]:
    """The places of a type's properties that are judged here."""
    yield from (tuple(path.split(".")) for path in _CODE.get(type_, "").split())
    yield from _IMAGES.get(type_, ())
    if type_ == "AWS::Lambda::Function":
        yield tuple(_VARIABLES.split("."))


def _is_same(step: Step, path: str) -> bool:
    return is_same(inside(step.before, path), inside(step.after, path))


def _repository(image: Json) -> str:
    """An image without its tag and digest; "" for none."""
    if image is MISSING:
        return ""
    whole = in_words(image).partition("@")[0]
    head, slash, tail = whole.rpartition("/")
    return head + slash + tail.partition(":")[0]


def _from_elsewhere(step: Step, change: str) -> Finding:
    return finding(
        step, Topic.SECURITY, Severity.RISK, "The program comes from another place: whoever may write there decides"
        " what runs.", "Check who may write there.", change,
    )  # fmt: skip


def _images(step: Step) -> Iterator[Finding]:
    """Container images, of functions and tasks: another tag is new code, another repository another place."""
    if step.before is None or step.after is None:
        return
    for leaf in leaves(step.before.properties, step.after.properties):
        if not is_within(leaf.place, _IMAGES.get(step.type, ())):
            continue
        if MISSING in (leaf.before, leaf.after) or _repository(leaf.before) != _repository(
            leaf.after
        ):
            yield _from_elsewhere(step, from_to(leaf.path, leaf.before, leaf.after))


def _layers(step: Step, around: Around) -> Iterator[Finding]:
    """A layer that was not there before, under another name than its version's: somebody else's code."""
    before, after = (listed(inside(side, "Layers")) for side in (step.before, step.after))
    old = {_layer(item) for item in before}
    if len(after) < len(before):
        yield finding(
            step, Topic.AVAILABILITY, Severity.RISK, "What the layer brought is not there any more.",
            "Check that the code does without it.", from_to("Layers", before, after),
        )  # fmt: skip
    for item in after:
        own = around.named(item, around.after)
        if _layer(item) not in old and (own is None or own.type != "AWS::Lambda::LayerVersion"):
            yield _from_elsewhere(step, f"Layers: {shown(item)} is new")


def _layer(item: Json) -> str:
    name = in_words(item)
    return name.rpartition(":")[0] or name


def _settings(step: Step) -> Iterator[Finding]:
    sides = [inside(side, _VARIABLES) for side in (step.before, step.after)]
    old, new = ({} if side is MISSING else side for side in sides)
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        if not is_same(old, new):
            yield _set(step, Severity.RISK, from_to(_VARIABLES, old, new))
        return
    for name in sorted({*old, *new}):
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        if not is_same(before, after):
            is_mark = _MARKS.search(name) or _is_level(name, before, after)
            severity = Severity.NOTE if is_mark else Severity.RISK
            yield _set(step, severity, from_to(f"{_VARIABLES}.{name}", before, after))


def _is_level(name: str, *values: Json) -> bool:
    return "log" in name.lower() and all(str(value).lower() in _LEVELS for value in values)


def _set(step: Step, severity: Severity, change: str) -> Finding:
    return finding(
        step, Topic.AVAILABILITY, severity,
        "The program is told something else: where its data is, whom it calls, or how it works.",
        "Look in the code what it does with this setting.", change,
    )  # fmt: skip

"""What is wrong with the site owner's templates: where one fails, and which files no mail is made of.

The words quote nothing that a template was given: they are logged.
"""

from __future__ import annotations

import difflib
import re
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, TemplateError, TemplateNotFound, TemplatesNotFound, meta

from todoke.model.message import Role
from todoke.toml.text import NotUtf8, read_utf8

ENDS = (".txt", ".html")
READ = tuple(f"{role.value}{end}" for role in Role for end in ENDS)
"""The names that are read, in the folder of templates and in one of a form's name."""
_HINT = f"Read are {', '.join(READ)}, there and in a folder of a form's name."
_ENGINES = re.compile(r"(\.html?|\.txt)?\.(?:j2|jinja2?|njk|tmpl|liquid|tera)\Z")
_BESIDE = re.compile(
    r"(?:readme|license|licence|copying)\b.*|.*(?:~|\.bak|\.orig|\.md)", re.IGNORECASE
)
_UNKNOWN = re.compile(r"'(\w+)' is undefined")


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """A fault, its file ("" where that is unknown) and its line, 0 for all of it. `fails`: ours goes out instead."""

    file: str
    line: int
    message: str
    hint: str = ""
    fails: bool = True

    def __str__(self) -> str:
        name = Path(self.file).name
        where = f"{name}:{self.line}" if name and self.line else name
        return f"{where}: {self.message}".removeprefix(": ")


def fault_of(error: Exception, ours: Path, values: Collection[str] = ()) -> TemplateFault:
    """Where a template failed, and why. `ours` is the folder of our own, not to blame; `values` names what it had."""
    frames = [
        (frame.filename, frame.lineno or 0)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.endswith(ENDS)
    ]
    owner = [frame for frame in frames if Path(frame[0]).parent != ours]
    file, line = (owner or frames or [("", 0)])[-1]
    if isinstance(error, TemplateError):
        file = getattr(error, "filename", None) or file or getattr(error, "name", None) or ""
        line = getattr(error, "lineno", None) or line
    return TemplateFault(file, line, *_words(error, values))


def _words(error: Exception, values: Collection[str]) -> tuple[str, str]:
    if isinstance(error, TemplatesNotFound):
        return f"there is none of the templates {', '.join(map(str, error.templates))}.", ""
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r} in the folder.", ""
    if not isinstance(error, TemplateError):
        return f"{type(error).__name__}.", ""
    unknown = _UNKNOWN.fullmatch(error.message or "")
    near = difflib.get_close_matches(unknown[1], values, n=1, cutoff=0.7) if unknown else []
    hint = (
        f"Did you mean {near[0]!r}?"
        if near
        else "docs/mail.md lists what there is."
        if unknown
        else ""
    )
    return f"{(error.message or type(error).__name__).removesuffix('.')}.", hint


def file_faults(
    folder: Path, forms: Collection[str], environment: Environment
) -> Iterator[TemplateFault]:
    """Of each file that no mail is made of, of each folder of no form, and of what is not in UTF-8."""
    files = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    texts, faults = _texts(files)
    yield from faults
    used, is_open = _used(texts, forms, environment)
    if not is_open and not faults:  # else what templates name cannot be told, and may be any file
        strangers = {name: path for name, path in files.items() if name not in used}
        yield from _strangers(folder, strangers, forms, used)
    yield from _textless(folder, files, forms)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and not _BESIDE.fullmatch(path.name):
            yield path


def _texts(files: Mapping[str, Path]) -> tuple[dict[str, str], list[TemplateFault]]:
    texts, faults = {}, []
    for name, path in files.items():
        if name.endswith(ENDS):
            try:
                texts[name] = read_utf8(path)
            except OSError as error:
                faults.append(TemplateFault(str(path), 0, f"cannot be read: {error.strerror}."))
            except NotUtf8 as error:
                faults.append(TemplateFault(str(path), 0, str(error), error.hint))
    return texts, faults


def _used(
    texts: Mapping[str, str], forms: Collection[str], environment: Environment
) -> tuple[set[str], bool]:
    """The files that mails are made of, with those that they include or extend; and whether there may be others."""
    waiting = [name for name in _read_names(forms) if name in texts]
    used: set[str] = set()
    is_open = False
    while waiting:
        name = waiting.pop()
        if name in used:
            continue
        used.add(name)
        try:
            tree = environment.parse(texts.get(name, ""))
        except TemplateError:  # told where it is rendered
            is_open = True
            continue
        named = list(meta.find_referenced_templates(tree))
        is_open = is_open or None in named
        waiting += [other for other in named if other]
    return used, is_open


def _read_names(forms: Iterable[str]) -> Iterator[str]:
    yield from READ
    yield from (f"{form}/{name}" for form in forms for name in READ)


def _strangers(
    folder: Path, strangers: Mapping[str, Path], forms: Collection[str], used: Collection[str]
) -> Iterator[TemplateFault]:
    told: set[str] = set()
    for name, path in strangers.items():
        top, _, rest = name.rpartition("/")
        if not top or top in forms:
            yield from _misnamed(path, rest)
        elif top not in told and not any(other.startswith(f"{top}/") for other in used):
            told.add(top)
            near = difflib.get_close_matches(top.lower(), forms, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"The forms are {', '.join(forms)}."
            said = f"{top!r} is the name of no form, so no mail is made of what is in this folder."
            yield TemplateFault(str(folder / top), 0, said, hint, fails=False)


def _misnamed(path: Path, name: str) -> Iterator[TemplateFault]:
    plain = _ENGINES.sub(lambda engine: engine[1] or ".txt", name.lower())
    near = difflib.get_close_matches(plain, READ, n=1, cutoff=0.75)
    said = f"no mail is made of a template of this name, {name}."
    if near and not (path.parent / near[0]).exists():
        yield TemplateFault(str(path), 0, said, f"Did you mean {near[0]}? {_HINT}", fails=False)
    elif plain.endswith((*ENDS, ".htm")):
        yield TemplateFault(str(path), 0, said, _HINT, fails=False)


def _textless(
    folder: Path, files: Collection[str], forms: Iterable[str]
) -> Iterator[TemplateFault]:
    """Of a form's HTML without a text, where the text for all forms would be expected beside it."""
    for form in forms:
        for role in Role:
            html, text = (f"{form}/{role.value}{end}" for end in reversed(ENDS))
            if html in files and text not in files and f"{role.value}.txt" in files:
                said = f"it has no text beside it, so its mails have ours, not that of {role.value}.txt."
                yield TemplateFault(str(folder / html), 0, said, f"Write {text}, too.", fails=False)

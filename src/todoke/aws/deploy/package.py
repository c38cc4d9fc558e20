"""Build the package that the functions run: a zip for Python 3.13 on arm64, the same bytes for the same input."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import todoke
from todoke.aws.deploy.locked import LOCK, Pin, closure, pins
from todoke.model.errors import ConfigError, Error
from todoke.services.table import SERVICES
from todoke.toml.text import NotUtf8, read_utf8
from todoke.toml.zones import find_zone, zone_fault

PYTHON = "3.13"
PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_28_aarch64")
"""What wheels may be built for: Lambda's Python 3.13 runs on Amazon Linux 2023, whose glibc is 2.34."""
CONFIGURATION = "todoke.toml"
NOT_ON_LAMBDA = frozenset(
    {"apsw", "boto3", "botocore", "httptools", "pyyaml", "rich", "typer", "uvicorn", "uvloop"}
)
"""Dependencies that the functions do not use, or that Lambda's runtime has (boto3, botocore)."""
OURS_NOT_ON_LAMBDA = (
    "aws/deploy",
    "bench",
    "cli",
    "demo",
    "doctor",
    "server/protocol.py",
    "server/run.py",
    "stores/memory",
    "testing",
    "__main__.py",
)
"""Files and folders of todoke that the functions do not use."""
_NEVER = ("__pycache__", "bin", "tests")
_NEVER_SUFFIXES = (".pyc", ".pyi", ".po", ".pot", ".c", ".h", ".pxd", ".pxi", ".pyx")
_NEVER_NAMES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
_AT = (1980, 1, 1, 0, 0, 0)
_LIMIT = 250 * 1024 * 1024


class PackageError(Error):
    """The package cannot be built."""


@dataclass(frozen=True)
class Package:
    """A built package. Sizes are in bytes; `sha256` is that of the names and contents of its files, in hex."""

    path: Path
    sha256: str
    size: int
    unpacked: int

    @property
    def key(self) -> str:
        """Its name in the bucket, which changes exactly when its content does."""
        return f"todoke/{self.sha256}.zip"

    @property
    def stated(self) -> str:
        """Its size for a person."""
        return f"{self.size / 1e6:.1f} MB, unpacked {self.unpacked / 1e6:.1f} MB"


def build(config: Path, output: Path) -> Package:
    """Build the package at `output`, with the configuration and the files that it names.

    Versions and hashes are the lock's (lambda.txt), which are those that todoke was tested with. Raises ConfigError:
    if a named file is missing or lies outside the configuration's folder, or no time zone was chosen; PackageError: if
    a dependency cannot be had, or is not the file that was locked.
    """
    document = read_toml(config)
    _require_zone(config, document)
    site = dict(_files_named(config, document))
    with tempfile.TemporaryDirectory(prefix="todoke-package-") as folder:
        target = Path(folder)
        needed = requirements(service=_service(document), identity=names_provider(document))
        _install(needed, target)
        files = (
            {str(path.relative_to(target)): path for path in _kept(target)} | dict(_ours()) | site
        )
        return write(files, output)


def write(files: Mapping[str, Path], output: Path) -> Package:
    """Write a zip, its files by name, with one date and one mode: nothing but names and contents counts."""
    unpacked, contents = 0, hashlib.sha256()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            content = files[name].read_bytes()
            unpacked += len(content)
            contents.update(_framed(name, content))
            entry = zipfile.ZipInfo(name, _AT)
            entry.external_attr = (0o755 if ".so" in Path(name).suffixes else 0o644) << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compresslevel=9)
    if unpacked > _LIMIT:
        raise PackageError(f"The package is {unpacked:,} bytes unpacked; Lambda takes {_LIMIT:,}.")
    return Package(output, contents.hexdigest(), output.stat().st_size, unpacked)


def read(path: Path) -> Package:
    """A package that is there already, built elsewhere. Raises ConfigError: if it is no zip."""
    contents, unpacked = hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                content = archive.read(name)
                unpacked += len(content)
                contents.update(_framed(name, content))
    except (OSError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path} is no package: {error}.") from error
    return Package(path, contents.hexdigest(), path.stat().st_size, unpacked)


def _framed(name: str, content: bytes) -> bytes:
    return f"{name}\0{len(content)}\0".encode() + content


def site_files(config: Path) -> Iterator[tuple[str, Path]]:
    """The configuration, and the files and folders that it names (see `_named`), by their place in the package."""
    return _files_named(config, read_toml(config))


def _files_named(config: Path, document: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    root = config.resolve().parent
    yield CONFIGURATION, config
    for key, name in _named(document):
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise ConfigError(
                f"{config}: {key} names {name}, which is outside {root}: move it beside the file."
            )
        if not path.exists():
            raise ConfigError(f"{config}: {key} names {name}, and there is no such file.")
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            yield str(file.relative_to(root)), file


def read_toml(config: Path) -> dict[str, Any]:
    """todoke.toml as it is written. Raises ConfigError: if it cannot be read."""
    try:
        return tomllib.loads(read_utf8(config))
    except OSError as error:
        raise ConfigError(f"{config} cannot be read: {error.strerror}.") from error
    except NotUtf8 as error:
        raise ConfigError(f"{config} {error} {error.hint}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{config} is no TOML: {error}.") from error


def _require_zone(config: Path, document: Mapping[str, Any]) -> None:
    """A function has no zone of its own but UTC, in which nobody would know that times are shown."""
    site = document.get("site")
    name = site.get("time_zone") if isinstance(site, dict) else None
    if name is None:
        raise ConfigError(
            f"{config}: site.time_zone is missing, and functions on AWS would show all times in UTC."
            ' Add the site\'s own to [site]: time_zone = "Asia/Tokyo" (or "UTC", if that is meant).'
        )
    if isinstance(name, str) and find_zone(name) is None:
        raise ConfigError(" ".join([f"{config}: site.time_zone", *zone_fault(name)]))


def _service(document: Mapping[str, Any]) -> str:
    """The mail service that the configuration names, "" where it names none."""
    mail = document.get("mail")
    service = mail.get("service") if isinstance(mail, dict) else None
    return service if isinstance(service, str) else ""


def names_provider(document: Mapping[str, Any]) -> bool:
    """Whether people may enter the desk by an OpenID provider."""
    desk = document.get("desk")
    return isinstance(desk, dict) and "oidc" in desk


def _named(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for section, key in (("site", "logo"), ("mail", "templates")):
        table = document.get(section)
        if isinstance(table, dict) and isinstance(table.get(key), str):
            yield f"{section}.{key}", table[key]
    forms = document.get("forms")
    for form, table in (forms if isinstance(forms, dict) else {}).items():
        if not isinstance(table, dict):
            continue
        managers = table.get("managers")
        directory = managers.get("directory") if isinstance(managers, dict) else None
        for key, name in (("page", table.get("page")), ("managers.directory", directory)):
            if isinstance(name, str):
                yield f"forms.{form}.{key}", name


def requirements(*, service: str, identity: bool = False) -> list[Pin]:
    """What the package of a site that mails through `service` holds, with all that it asks for itself.

    `identity`: people may enter its desk by a provider.
    """
    others = (one.libraries for one in SERVICES.values() if one.name != service)
    unused = NOT_ON_LAMBDA.union(*others)
    extras = {"aws": unused} | ({"oidc": NOT_ON_LAMBDA} if identity else {})
    asked = [_asked_for(line) for line in importlib.metadata.requires("todoke") or []]
    names = [name for name, extra in asked if name not in extras.get(extra or "aws", {name})]
    locked = pins(LOCK.read_text("utf-8"))
    missing = [name for name in names if name not in locked]
    if missing:
        raise PackageError(f"{LOCK} does not lock {', '.join(missing)}: run `make lock`.")
    return closure(names, locked)


def _asked_for(line: str) -> tuple[str, str]:
    """A requirement's name, and the extra that asks for it, "" for none."""
    requirement, _, marker = line.partition(";")
    extra = re.search(r"extra == ['\"]([\w-]+)['\"]", marker)
    name = _plain_name(re.split(r"[<>=!~ \[(]", requirement.strip())[0])
    return name, extra[1] if extra else ""


def _plain_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _install(wanted: Iterable[Pin], target: Path) -> None:
    """Wheels for the functions' Python and machine; pip refuses a file whose hash is not in the lock."""
    lock = target / LOCK.name
    lock.write_text("".join(pin.text for pin in wanted), "utf-8")
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
        "--target", str(target), *(f"--platform={one}" for one in PLATFORMS), "--implementation", "cp",
        "--python-version", PYTHON,
        "--only-binary", ":all:", "--no-deps", "--require-hashes", "--requirement", str(lock),
    ]  # fmt: skip
    done = subprocess.run(  # noqa: S603 - our own words, in a list
        command, capture_output=True, text=True, check=False
    )
    lock.unlink()
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise PackageError(
            f"pip cannot fetch the dependencies for {PLATFORMS[0]}: {' '.join(lines) or done.stderr}"
        )


def _kept(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not _is_left_out(relative):
            yield path


def _is_left_out(path: Path) -> bool:
    return (
        any(part in _NEVER for part in path.parts)
        or path.suffix in _NEVER_SUFFIXES
        or path.name in _NEVER_NAMES
    )


def _ours() -> Iterator[tuple[str, Path]]:
    root = Path(todoke.__file__).parent
    for path in _kept(root):
        name = path.relative_to(root).as_posix()
        if not any(
            name == skipped or name.startswith(f"{skipped}/") for skipped in OURS_NOT_ON_LAMBDA
        ):
            yield f"todoke/{name}", path

"""The package of the functions: reproducible, whole, and without what Lambda does not need."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.aws.deploy.package import (
    NOT_ON_LAMBDA,
    OURS_NOT_ON_LAMBDA,
    _ours,
    build,
    names_provider,
    read,
    requirements,
    site_files,
    write,
)
from todoke.model.errors import ConfigError

CONFIG = """
[site]
name = "Garden"
logo = "looks/logo.svg"
[mail]
templates = "mail"
[forms.contact]
page = "site/contact.html"
managers = {field = "email", directory = "people.csv"}
[forms.other]
managers = ["a@garden.example"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site owner's folder; its configuration."""
    for name in (
        "looks/logo.svg",
        "site/contact.html",
        "mail/en/subject.txt",
        "people.csv",
        "secret.env",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    path = tmp_path / "todoke.toml"
    path.write_text(CONFIG)
    return path


def test_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    """Whatever their order, times and modes are; and one other byte is another package."""
    for name, content in (("a", b"1"), ("b", b"2"), ("c", b"1")):
        (tmp_path / name).write_bytes(content)
    first = write({"x": tmp_path / "a", "y": tmp_path / "b"}, tmp_path / "1.zip")
    os.utime(tmp_path / "a", (0, 0))
    (tmp_path / "b").chmod(0o700)
    second = write({"y": tmp_path / "b", "x": tmp_path / "c"}, tmp_path / "2.zip")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.key == second.key
    other = write({"x": tmp_path / "a", "y": tmp_path / "a"}, tmp_path / "3.zip")
    assert other.key != first.key


NAMES = st.text("abc/", min_size=1, max_size=4)


FILES = st.dictionaries(NAMES, st.binary(max_size=20), max_size=4)


@given(one=FILES, other=FILES)
def test_a_package_s_name_tells_its_contents(
    one: dict[str, bytes],
    other: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Two packages have one name exactly when their files are the same."""
    folder = tmp_path_factory.mktemp("p")
    keys = []
    for number, files in enumerate((one, other)):
        paths = {}
        for index, (name, content) in enumerate(files.items()):
            paths[name] = folder / f"{number}-{index}"
            paths[name].write_bytes(content)
        keys.append(write(paths, folder / f"{number}.zip").key)
    assert (keys[0] == keys[1]) == (one == other)


def test_a_package_that_was_built_before_has_the_same_name(tmp_path: Path) -> None:
    """`deploy --package` uploads it under the name it would have had; what is no zip is refused."""
    (tmp_path / "a").write_bytes(b"1")
    made = write({"x/y": tmp_path / "a"}, tmp_path / "p.zip")
    assert read(made.path) == made
    (tmp_path / "p.zip").write_bytes(b"no zip")
    with pytest.raises(ConfigError, match="is no package"):
        read(tmp_path / "p.zip")


def test_the_site_s_own_files_go_along(site: Path) -> None:
    """The configuration, pages, templates and directories that it names, and nothing else of the folder."""
    assert set(dict(site_files(site))) == {
        "todoke.toml",
        "looks/logo.svg",
        "mail/en/subject.txt",
        "people.csv",
        "site/contact.html",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[forms.a]\npage = '../x.html'", "outside"),
        ("[forms.a]\npage = '/etc/passwd'", "outside"),
        ("[forms.a]\npage = 'nothing.html'", "no such file"),
        ("nonsense", "no TOML"),
    ],
)
def test_what_the_package_cannot_hold_is_said(site: Path, text: str, words: str) -> None:
    """A file outside the folder would have no place; a missing one is named."""
    site.write_text(text)
    with pytest.raises(ConfigError, match=words):
        dict(site_files(site))


def test_lambda_gets_what_the_functions_import_and_no_more() -> None:
    """No server, no command line, no boto3; and what a library that goes along needs, goes along."""
    names = {pin.name for pin in requirements(service="customers-mail-cloud")}
    assert {
        "starlette",
        "msgspec",
        "jinja2",
        "mangum",
        "selectolax",
        "anyio",
        "markupsafe",
    } <= names
    assert not names & (NOT_ON_LAMBDA | {"click", "pygments", "jmespath"})


def test_only_a_site_that_mails_through_ses_carries_cryptography() -> None:
    """What verifies SES's events is large, and nobody else has use for it."""
    without, with_it = (
        {pin.name for pin in requirements(service=name)} for name in ("smtp", "ses")
    )
    assert with_it - without == {"cryptography", "cffi", "pycparser"}
    assert without <= with_it


def test_only_a_site_with_a_provider_at_its_desk_carries_what_verifies_its_tokens() -> None:
    """Beside SES, which has cryptography already."""
    for service, more in (
        ("smtp", {"pyjwt", "cryptography", "cffi", "pycparser"}),
        ("ses", {"pyjwt"}),
    ):
        without, with_it = (
            {pin.name for pin in requirements(service=service, identity=is_named)}
            for is_named in (False, True)
        )
        assert with_it - without == more
    assert names_provider({"desk": {"oidc": {}}})
    assert not names_provider({"desk": {}})
    assert not names_provider({})


def test_of_todoke_only_the_functions_side_goes_along() -> None:
    """Handlers, core and pages are in it; the sandbox, the demo and this very room are not."""
    names = {name for name, _ in _ours()}
    assert {
        "todoke/wiring.py",
        "todoke/aws/functions/__init__.py",
        "todoke/web/pages/templates/receipt.html",
    } <= names
    assert not [name for name in names if name.endswith((".pyc", ".po"))]
    for left_out in OURS_NOT_ON_LAMBDA:
        assert not [
            n for n in names if n == f"todoke/{left_out}" or n.startswith(f"todoke/{left_out}/")
        ]


def test_a_library_is_executable_and_text_is_not(tmp_path: Path) -> None:
    """Lambda loads shared libraries by their mode too."""
    (tmp_path / "a").write_bytes(b"1")
    write(
        {"x.cpython-313-aarch64-linux-gnu.so": tmp_path / "a", "y.py": tmp_path / "a"},
        tmp_path / "p.zip",
    )
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        modes = {i.filename.rpartition(".")[2]: i.external_attr >> 16 for i in archive.infolist()}
    assert modes == {"so": 0o755, "py": 0o644}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", 'site.time_zone is missing, .* in UTC. Add .*: time_zone = "Asia/Tokyo"'),
        (
            'time_zone = "Asia/Tokio"',
            "site.time_zone is 'Asia/Tokio', .* Did you mean 'Asia/Tokyo'",
        ),
    ],
)
def test_nothing_is_built_for_aws_before_somebody_chose_the_zone(
    site: Path, line: str, words: str
) -> None:
    """A function is in UTC by itself; nobody would have meant that, and a wrong name would stop it."""
    site.write_text(CONFIG.replace("[site]\n", f"[site]\n{line}\n"))
    with pytest.raises(ConfigError, match=words):
        build(site, site.with_name("package.zip"))
    assert not site.with_name("package.zip").exists()


def test_the_package_brings_the_time_zone_database() -> None:
    """No runtime promises to have one."""
    assert any(pin.name == "tzdata" for pin in requirements(service="smtp"))

"""What is no TOML, no UTF-8, or stands under the wrong header: told so that it can be mended."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.configuration import check
from todoke.model.errors import ConfigError
from todoke.toml.places import repetitions
from todoke.toml.secrets import kept_secret
from todoke.toml.syntax import syntax_fault

SECRET = {"TODOKE_SECRET": "ab" * 32}
GOOD = """\
[site]
name = "Garden"
url = "https://www.garden.jp"
door_url = "https://forms.garden.jp"
[mail]
service = "smtp"
from = "Garden <forms@garden.jp>"
[forms.contact]
managers = ["office@garden.jp"]
"""
JAPANESE = GOOD.replace("Garden", "ガーデン", 1)


def fault_of(folder: Path, text: str) -> str:
    """The one finding, as `line key: message hint`."""
    path = folder / "todoke.toml"
    path.write_text(text, "utf-8")
    (found,) = check(path, SECRET)
    return f"{found.line} {found.key}: {found.message} {found.hint}".strip()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("title = [", "10 : is not TOML: "),
        ("retention", "10 : is not TOML: "),
        ('title = “Contact”', "10 : is not TOML: Invalid value. Quotes are straight there"),
        ("title　= 'x'", "10 : is not TOML: Expected '=' after a key in a key/value pair. It has a full-width"),
        (r'page = "site\contact.html"', r"10 : is not TOML: Unescaped '\' in a string. In text, write / or \\ for \,"),
        ("confirmation = False", "10 : is not TOML: Invalid value. Write `confirmation = false`."),
        ("confirmation = no # thanks", "10 : is not TOML: Invalid value. Write `confirmation = true` or `confirm"),
        ("title = Ask us", '10 : is not TOML: Invalid value. Text stands in quotes: `title = "Ask us"`.'),
        ("retention = 90d", '10 : is not TOML: Expected newline or end of document after a statement. Text'),
    ],
)  # fmt: skip
def test_a_line_that_is_no_toml_is_told_with_what_to_write(
    tmp_path: Path, line: str, fault: str
) -> None:
    """With the line where reading stopped, and a hint where people often write so."""
    assert fault_of(tmp_path, f"{GOOD}{line}\n").startswith(fault)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('title = "a"\ntitle = "b"', "11 forms.contact.title: stands a second time: line 10 has it"),
        ('managers = "x@y.jp"', "10 forms.contact.managers: stands a second time: line 9 has it"),
        ('limits = {\nbody = "1MB"}'.replace("\n", " ") + '\n[forms.contact.limits]\nfile = "1MB"',
         "11 forms.contact.limits: stands a second time: line 10 has it already. Keep one of them."),
        ('[site]\nlanguage = "ja"', "10 site: stands a second time: line 1 has it already. Write all keys"),
        ("[forms.contact]", "10 forms.contact: stands a second time: line 8 has it already. Write all"),
        ('fields = [{name = "a"}]\n[[forms.contact.fields]]', "11 forms.contact.fields: stands a second"),
        ('[[forms.contact.fields]]\nname = "a"\n[forms.contact.fields]', "12 forms.contact.fields: stands a"),
        ('[[forms.contact.fields]]\nname = "a"\n[[forms.contact.fields]]\nname = "b"\nname = "c"',
         "14 forms.contact.fields[2].name: stands a second time: line 13 has it"),
        ('confirmation = false\nconfirmation.subject = "x"', "11 forms.contact.confirmation: stands a"),
        ('managers.to = ["x@y.jp"]', "10 forms.contact.managers: stands a second time: line 9 has it"),
        ('limits = {body = "1MB", body = "2MB"} ]]', "10 forms.contact.limits.body: stands a second time"),
        ('[mail.smtp]\n[mail."smtp"] %%', "11 mail.smtp: stands a second time: line 10 has it already."),
        ('title = "a"\r\ntitle = """\nb"""\n= [ }', "12 forms.contact.title: stands a second time: line 10"),
    ],
)  # fmt: skip
def test_a_key_that_stands_twice_is_named_whole_with_both_lines(
    tmp_path: Path, more: str, fault: str
) -> None:
    """Whatever follows it."""
    (tmp_path / "todoke.toml").write_bytes(f"{GOOD}{more}\n".encode())
    (found,) = check(tmp_path / "todoke.toml", SECRET)
    said = f"{found.line} {found.key}: {found.message} {found.hint}"
    if "\r" in more:  # the second begins a line above its end
        fault = fault.replace("12 ", "11 ", 1)
    assert said.startswith(fault)


DOCUMENT = st.lists(
    st.sampled_from(
        ["a = 1", "b.c = 2", "b = {c = 1, d = [1, {e = 2}]}", "[a]", "[b.c]", "[[d]]", "[d.e]", "[[a.d]]", "a.d = []"]
    ),
    max_size=8,
).map("\n".join)  # fmt: skip


@given(DOCUMENT, st.sampled_from(["", "\n= ]]} {", '\n"', "\n[", "\nz = [1, {y = [", "\n%"]))
def test_a_repetition_is_named_exactly_where_there_is_one(text: str, end: str) -> None:
    """What tomllib takes repeats nothing; what it refuses for that has a key and two lines. No text ends in a loop."""
    try:
        tomllib.loads(text)
        assert repetitions(text) == []
    except tomllib.TOMLDecodeError as error:
        found = syntax_fault("todoke.toml", text, error)
        assert found.key
        assert "stands a second time" in found.message
    repetitions(text + end)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (GOOD.encode("utf-16"), "is saved as UTF-16, as PowerShell's > and Notepad's"),
        (GOOD.encode("utf-16-le"), "is saved as UTF-16"),
        (GOOD.encode("utf-16-be"), "is saved as UTF-16"),
        (JAPANESE.encode("cp932"), "line 2 has bytes that mean nothing (it may be Shift_JIS)"),
        (JAPANESE.encode("euc_jp"), "line 2 has bytes that mean nothing (it may be EUC-JP)."),
        (GOOD.replace("Garden", "Jardín", 1).encode("cp1252"), "is not UTF-8: line 2 has bytes that mean nothing."),
    ],
)  # fmt: skip
def test_another_encoding_is_named_with_how_to_save_the_file(
    tmp_path: Path, raw: bytes, said: str
) -> None:
    """In the configuration and in a directory of managers; UTF-8 with a byte order mark is read."""
    path = tmp_path / "todoke.toml"
    path.write_bytes(raw)
    (found,) = check(path, SECRET)
    assert said in found.message
    assert found.hint.startswith("Save it as UTF-8")
    people = 'managers = {directory = "people.csv", field = "email"}'
    path.write_bytes(GOOD.replace('managers = ["office@garden.jp"]', people).encode("utf-8-sig"))
    (tmp_path / "people.csv").write_bytes(raw)
    (found,) = check(path, SECRET)
    assert Path(found.file).name == "people.csv"
    assert said in found.message
    (tmp_path / "people.csv").write_bytes("address;manager\n".encode("utf-8-sig"))
    (found,) = check(path, SECRET)
    assert (found.line, found.hint) == (1, "Part the columns with commas.")


def test_a_secret_s_file_may_have_a_mark_but_not_be_in_utf_16(tmp_path: Path) -> None:
    """What PowerShell wrote there is named, and none of it told."""
    (tmp_path / "secret").write_text("ab" * 32 + "\n", "utf-8-sig")
    assert kept_secret(tmp_path) == b"\xab" * 32
    (tmp_path / "secret").write_text("ab" * 32 + "\n", "utf-16")
    with pytest.raises(ConfigError, match="the file is saved as UTF-16") as caught:
        kept_secret(tmp_path)
    assert "abab" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        (
            '[forms.contact.limits]\nretention = "1d"',
            "11 forms.contact.limits.retention: is not a setting. It belongs to [forms.contact]: a key belongs",
        ),
        ('[mail.smtp]\ndoor_url = "x"', "11 mail.smtp.door_url: is not a setting. It belongs to [site]:"),
        ('by_value = {}', "10 forms.contact.by_value: is not a setting. It belongs to [forms.contact.managers]:"),
        ('manager = "x@y.jp"', "10 forms.contact.manager: is not a setting. Did you mean 'managers'?"),
    ],
)  # fmt: skip
def test_a_key_below_the_wrong_header_is_told_where_it_belongs(
    tmp_path: Path, more: str, fault: str
) -> None:
    """Its full name is that which the file gives it."""
    assert fault_of(tmp_path, f"{GOOD}{more}\n").startswith(fault)

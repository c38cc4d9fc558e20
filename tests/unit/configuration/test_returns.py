"""Where returned mail goes, in todoke.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from todoke.configuration import check, read
from todoke.model.address import Address
from todoke.model.delivery import Ceiling
from todoke.model.return_path import ReturnPath

ENVIRON = {"TODOKE_SECRET": "ab" * 32}
TEXT = """\
[site]
name = "Example"
door_url = "https://forms.example.jp"
[mail]
service = "smtp"
from = "forms@example.jp"
envelope_sender = "sender@example.jp"
[mail.smtp]
host = "mail.example.jp"
{returns}
[forms.contact]
managers = ["manager@example.jp"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file."""
    return tmp_path / "todoke.toml"


def test_without_it_everything_is_as_ever(file: Path) -> None:
    """No mail can be known not to have come back."""
    file.write_text(TEXT.format(returns=""))
    mail = read(file, ENVIRON).mail
    assert mail.own.return_path is None
    assert mail.own.ceiling is Ceiling.HANDED_OVER
    assert mail.envelope_domain == "example.jp"


@pytest.mark.parametrize("delimiter", ["+", "-", "=", "_"])
def test_with_it_mail_can_be_known_not_to_have_come_back(file: Path, delimiter: str) -> None:
    """It takes the place of mail.envelope_sender."""
    returns = f'returns_to = "Returns@bounces.example.jp"\nreturns_delimiter = "{delimiter}"'
    file.write_text(TEXT.format(returns=returns))
    mail = read(file, ENVIRON).mail
    address = Address("Returns@bounces.example.jp")
    assert mail.own.return_path == ReturnPath(address=address, delimiter=delimiter)
    assert mail.own.ceiling is Ceiling.NOT_RETURNED
    assert mail.envelope_domain == "bounces.example.jp"


@pytest.mark.parametrize(
    ("returns", "fault"),
    [
        ('returns_to = "returns"', "mail.smtp.returns_to: 'returns' is not a mail address"),
        ('returns_to = "twelve-chars@example.jp"', "Use 11 letters, digits, dots or hyphens"),
        ('returns_to = "a+b@example.jp"', "mail.smtp.returns_to: is a+b@example.jp, and a mark"),
        ('returns_to = "届@example.jp"', "mail.smtp.returns_to: is"),
        ('returns_to = "r@example.jp"\nreturns_delimiter = "@"', "mail.smtp.returns_delimiter: is"),
    ],
)
def test_faults_are_told(file: Path, returns: str, fault: str) -> None:
    """With what it could be."""
    file.write_text(TEXT.format(returns=returns))
    (found,) = check(file, ENVIRON)
    assert fault in str(found)

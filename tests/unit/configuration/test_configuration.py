"""todoke.toml: what is read, and that every fault is named with its file, line and key."""

from __future__ import annotations

import json
import re
import stat
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.configuration import check, read
from todoke.forms.managers import managers_of
from todoke.model.delivery import Ceiling
from todoke.model.errors import ConfigError
from todoke.model.settings import Settings
from todoke.model.submission import Entry
from todoke.services.customers_mail_cloud.mailer import CustomersMailCloudMailer
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.services.smtp.settings import SmtpSettings
from todoke.toml.places import line_of, places
from todoke.toml.secrets import kept_secret
from todoke.wiring import build

SECRET = {"TODOKE_SECRET": "ab" * 32}
GOOD = """\
[site]
name = "Example"
url = "https://www.example.jp"
door_url = "https://forms.example.jp"

[mail]
service = "smtp"
from = "Example <forms@example.jp>"

[forms.contact]
managers = ["manager@example.jp"]
"""

DOOR = "https://forms.example.jp/f/contact"
"""Where the pages of the form that GOOD has post to."""


def settings_of(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    """Read `text` as the todoke.toml of `folder`."""
    path = folder / "todoke.toml"
    path.write_text(text, "utf-8")
    return read(path, SECRET | (environ or {}))


def faults_of(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    """The findings as `severity line key: message hint`."""
    path = folder / "todoke.toml"
    path.write_text(text, "utf-8")
    return [
        f"{f.severity} {f.line} {f.key}: {f.message} {f.hint}".strip()
        for f in check(path, SECRET | (environ or {}))
    ]


def test_a_short_file_is_enough(tmp_path: Path) -> None:
    """Ten lines make a working configuration without a warning."""
    settings = settings_of(tmp_path, GOOD)
    assert settings.mail.sender.name == "Example"
    assert settings.mail.sender.address == "forms@example.jp"
    assert settings.site.origins == ("https://www.example.jp",)
    assert settings.forms["contact"].managers.fixed == ("manager@example.jp",)
    assert settings.forms["contact"].fields is None
    assert settings.forms["contact"].retention == timedelta(days=90)
    assert faults_of(tmp_path, GOOD) == []


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    """Some editors begin a file with one: the configuration, a page and a directory are read without it."""
    page = '<form action="/f/contact"><input name="email" type="email"></form>'
    (tmp_path / "contact.html").write_text(page, encoding="utf-8-sig")
    (tmp_path / "people.csv").write_text(
        "address,manager\naoi@example.jp,boss@example.jp\n", encoding="utf-8-sig"
    )
    more = 'page = "contact.html"\nmanagers = {directory = "people.csv", field = "email"}\n'
    text = "\ufeff" + GOOD.replace('managers = ["manager@example.jp"]\n', more)
    form = settings_of(tmp_path, text).forms["contact"]
    assert [field.name for field in form.fields or ()] == ["email"]
    assert form.managers.directory == {"aoi@example.jp": ("boss@example.jp",)}


@pytest.mark.parametrize(
    ("field", "limits", "mebibytes"),
    [
        ('{name = "a"}', "", 1),
        ('{name = "a", type = "file"}', "", 6),
        ('{name = "a", type = "file", max_file_size = "2MB"}', "", 3),
        ('{name = "a", type = "file", multiple = true, max_files = 3}', "", 16),
        ('{name = "a", type = "file", multiple = true}', "", 26),
        ('{name = "a", type = "file"}', 'limits = {body = "2MB"}', 2),
    ],
)
def test_a_form_with_file_fields_has_room_for_its_files(
    tmp_path: Path, field: str, limits: str, mebibytes: int
) -> None:
    """Without a limit of its own, a body may hold the files that its fields allow, within reason."""
    text = f"{GOOD}confirmation = false\nfields = [{field}]\n{limits}\n"
    found = settings_of(tmp_path, text).forms["contact"].limits.body_bytes
    assert found == mebibytes * 1024 * 1024


def test_every_fault_is_found_at_once_with_its_line(tmp_path: Path) -> None:
    """A file with many faults is told of each of them, in the order of the lines."""
    text = """\
[site]
name = "Example"
door_url = "https://forms.example.jp/?x=1"
origins = ["https://a.example", "ftp://b.example",
  "https://c.example/path"]
langage = "en"

[mail]
service = "sntp"
from = "not an address"
concurrency = 0
give_up_after = "4 days"

[forms.contact]
managers = ["a@b.jp", "b"]
retention = 90
limits = {body = "5XB"}
[[forms.contact.fields]]
name = "email"
type = "emial"
"""
    found = faults_of(tmp_path, text)
    assert [fault.partition(": ")[0] for fault in found] == [
        "error 3 site.door_url",
        "error 4 site.origins[2]",
        "error 5 site.origins[3]",
        "error 6 site.langage",
        "error 9 mail.service",
        "error 10 mail.from",
        "error 11 mail.concurrency",
        "error 12 mail.give_up_after",
        "error 15 forms.contact.managers[2]",
        "error 16 forms.contact.retention",
        "error 17 forms.contact.limits.body",
        "error 20 forms.contact.fields[1].type",
    ]
    assert "Did you mean 'language'?" in found[3]
    assert "Did you mean 'smtp'?" in found[4]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('name = "Example"\n', "", "error 1 site.name: is missing."),
        ("[mail]", "[mial]", "error 6 mial: is not a setting. Did you mean 'mail'?"),
        ('url = "https://www', 'url = "www', "error 3 site.url: is 'www.example.jp'"),
        ('door_url = "https://forms.example.jp"\n', "", "error 1 site.door_url: is missing"),
        (
            'service = "smtp"',
            "service = 7",
            "error 7 mail.service: must be text in quotes, not a number.",
        ),
        ("forms@example.jp", "forms", "error 8 mail.from: 'forms' is not a mail address"),
        (
            "forms@example.jp",
            "Our Forms forms@example.jp",
            (
                "error 8 mail.from: 'Our Forms forms@example.jp' is not a mail address: The email address contains"
                ' invalid characters before the @-sign: SPACE. Write `from = "Our Forms <forms@example.jp>"`.'
            ),
        ),
        ("forms@example.jp", "me@gmail.com", "warning 8 mail.from: is at gmail.com"),
        ("[forms.contact]", "[forms.'Con tact']", "error 10 forms.Con tact: 'Con tact' cannot be"),
        ('managers = ["manager@example.jp"]', "", "warning 10 forms.contact.managers: is empty"),
        (
            'managers = ["',
            'redirect = "//evil.jp"\nmanagers = ["',
            "error 11 forms.contact.redirect",
        ),
        (
            'managers = ["',
            'page = "no.html"\nmanagers = ["',
            "error 11 forms.contact.page: is 'no.html'",
        ),
        ('managers = ["', 'charset = "utf-99"\nmanagers = ["', "error 11 forms.contact.charset"),
        (
            'service = "smtp"',
            'service = "smtp"\npassword = "x"',
            "error 8 mail.password: is a secret",
        ),
        (
            'service = "smtp"',
            'service = "smtp"\ntemplates = "no"',
            "error 8 mail.templates: is 'no'",
        ),
        (
            'service = "smtp"',
            'service = "smtp"\nreply_to = "a b"',
            "error 8 mail.reply_to: 'a b' is not",
        ),
        ('service = "smtp"', 'service = "a\\nb"', "error 7 mail.service: is 'a\\nb'."),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """One wrong thing gives one finding that says which, where and why."""
    assert old in GOOD
    found = faults_of(tmp_path, GOOD.replace(old, new, 1))
    assert any(line.startswith(fault) for line in found), found


@pytest.mark.parametrize(
    ("extra", "environ", "fault"),
    [
        ('user = "u"', {}, "error 2 mail.smtp.user: is 'u', and its password is missing."),
        ("", {"TODOKE_SMTP_PASSWORD": "x"}, "warning 1 mail.smtp.user: is missing"),
        (
            'security = "none"\nhost = "mail.example.jp"',
            {},
            'warning 2 mail.smtp.security: is "none": every mail travels',
        ),
        (
            'security = "none"\nhost = "mail.example.jp"\nuser = "u"',
            {"TODOKE_SMTP_PASSWORD": "x"},
            'error 2 mail.smtp.security: is "none": the password would travel',
        ),
        ('ca_file = "/no/such/file"', {}, "error 2 mail.smtp.ca_file"),
        ('password = "hunter2"', {}, "error 2 mail.smtp.password: is a secret"),
        ("port = 70000", {}, "error 2 mail.smtp.port: is 70000"),
        ("port = 465", {}, 'warning 2 mail.smtp.port: is 465, where servers speak TLS at once'),
        ('port = 587\nsecurity = "tls"', {}, "warning 2 mail.smtp.port: is 587, where servers begin in the"),
        ('port = 25\nsecurity = "tls"', {}, "warning 2 mail.smtp.port: is 25, where servers begin in the"),
        ("port = 993", {}, "warning 2 mail.smtp.port: is 993, at which mail is read (IMAP), not sent."),
        (
            'port = 25\nuser = "u"\nhost = "mail.example.jp"',
            {"TODOKE_SMTP_PASSWORD": "x"},
            "warning 2 mail.smtp.port: is 25, where servers talk to each other",
        ),
        ('host = "smtp://mail.example.jp:587"', {}, "error 2 mail.smtp.host: is 'smtp://mail.example.jp:587'"),
        ('host = "u@example.jp"', {}, "error 2 mail.smtp.host: is 'u@example.jp', which is no server's"),
        ("port = true", {}, "error 2 mail.smtp.port: must be a whole number, not true or false."),
    ],
)  # fmt: skip
def test_faults_of_smtp(tmp_path: Path, extra: str, environ: dict[str, str], fault: str) -> None:
    """What cannot work with an SMTP server, or would be unsafe, is said; a secret's text is never repeated."""
    found = faults_of(tmp_path, f"[mail.smtp]\n{extra}\n{GOOD}", environ)
    assert any(line.startswith(fault) for line in found), found
    assert not any("hunter2" in line for line in found)


@pytest.mark.parametrize(
    "smtp",
    [
        'port = 465\nsecurity = "tls"',
        'port = 2525\nsecurity = "tls"',
        "port = 25",
        'host = "::1"\nport = 25\nsecurity = "none"',
        'host = "relay"\nport = 25\nuser = "u"',
        'host = "10.0.0.5"\nport = 25\nuser = "u"',
        'host = "mail.example.jp"\nport = 587\nuser = "u"',
    ],
)
def test_ports_that_fit_are_let_be(tmp_path: Path, smtp: str) -> None:
    """A service's own port may speak anything, and a network's own relay takes a login where it likes."""
    environ = {"TODOKE_SMTP_PASSWORD": "x"} if "user" in smtp else {}
    assert faults_of(tmp_path, f"{GOOD}[mail.smtp]\n{smtp}\n", environ) == []


def test_the_hint_for_a_host_is_what_to_write(tmp_path: Path) -> None:
    """Host and port apart, as the two keys have them."""
    found = faults_of(tmp_path, GOOD + '[mail.smtp]\nhost = "mail.example.jp:465"\n')
    assert found[0].endswith('Write `host = "mail.example.jp"` and `port = 465`.')


CLOUD = GOOD.replace('"smtp"', '"customers-mail-cloud"') + (
    '[mail.customers_mail_cloud]\napi_user = "u@example.jp"\n'
)
CLOUD_SECRETS = {"TODOKE_CMC_API_KEY": "k", "TODOKE_CMC_HOOK_SECRET": "0123456789abcdef" * 2}


def test_each_source_address_is_read_or_named_as_a_fault(tmp_path: Path) -> None:
    """Addresses and networks of both kinds; what is neither is named with its line and place in the list."""
    good = 'source_addresses = ["192.0.2.7", "192.0.2.0/24", "2001:db8::/32", "192.0.2.7/32"]\n'
    cloud = settings_of(tmp_path, CLOUD + good, CLOUD_SECRETS).mail.own_as(
        CustomersMailCloudSettings
    )
    shown = [str(network) for network in cloud.source_addresses]
    assert shown == ["192.0.2.7/32", "192.0.2.0/24", "2001:db8::/32"]
    bad = 'source_addresses = [\n"192.0.2.0/24",\n"smtps.jp",\n"192.0.2.7/24"]\n'
    key = "mail.customers_mail_cloud.source_addresses"
    no_network, either = faults_of(tmp_path, CLOUD + bad, CLOUD_SECRETS)
    assert no_network == (
        f"error 16 {key}[2]: 'smtps.jp' is neither an address nor a network of the internet."
        ' Write for instance "192.0.2.7" or "192.0.2.0/24".'
    )
    assert either == (
        f"error 17 {key}[3]: '192.0.2.7/24' is an address within a network, so it could mean either."
        ' Write "192.0.2.7" or "192.0.2.0/24".'
    )


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("TODOKE_CMC_HOOK_SECRET", f"{'a' * 22},{'b' * 22}", ""),
        ("TODOKE_CMC_HOOK_SECRET", f"{'a' * 22},short", "has no webhook secret of 22"),
        ("TODOKE_CMC_HOOK_SECRET", ",", "has no webhook secret of 22"),
        ("TODOKE_CMC_HOOK_SECRET", ",".join(["a" * 22] * 3), "has 3 values in TODOKE_CMC_HOOK"),
        ("TODOKE_CMC_WEBHOOK_KEY", "one,two", ""),
        ("TODOKE_CMC_WEBHOOK_KEY", "one,two,three", "has 3 values in TODOKE_CMC_WEBHOOK_KEY"),
        ("TODOKE_CMC_WEBHOOK_KEY", ",", "has a comma and no value in TODOKE_CMC_WEBHOOK_KEY"),
    ],
)
def test_two_values_of_a_webhook_secret_may_be_live(
    tmp_path: Path, variable: str, value: str, fault: str
) -> None:
    """Each long enough; more would be forgotten ones."""
    found = faults_of(tmp_path, CLOUD, CLOUD_SECRETS | {variable: value})
    assert [fault in text for text in found] == ([True] if fault else [])


@pytest.mark.parametrize(
    "key", ["kéy-with-an-accent", "key with spaces", "key\nX-Field: a", "k\udce4y"]
)
def test_a_key_that_no_call_could_carry_is_found_at_the_start(tmp_path: Path, key: str) -> None:
    """By its variable: neither a character of it nor where that stands is told."""
    [found] = faults_of(tmp_path, CLOUD, CLOUD_SECRETS | {"TODOKE_CMC_API_KEY": key})
    assert "TODOKE_CMC_API_KEY" in found
    assert not any(part in found for part in (key, "é", "accent", "spaces", "X-Field", "udce4"))


def test_a_secret_file_that_is_no_text_is_told_without_its_octets(tmp_path: Path) -> None:
    """What a decoder says of it would be a part of it."""
    (tmp_path / "secret").write_bytes(b"0123456789abcde\xe4")
    with pytest.raises(ConfigError) as caught:
        kept_secret(tmp_path)
    assert str(caught.value).endswith("this is not a secret of 32 bytes in hex.")


def test_without_the_webhook_no_secret_is_needed_and_the_price_is_named(tmp_path: Path) -> None:
    """A service that hears nothing back can start, and `todoke check` says what that costs."""
    key = {"TODOKE_CMC_API_KEY": "k"}
    assert "no webhook secret" in faults_of(tmp_path, CLOUD, key)[0]
    (found,) = faults_of(tmp_path, CLOUD + "webhook = false\n", key)
    assert found == (
        "warning 14 mail.customers_mail_cloud.webhook: is false: returned mail will not be noticed."
        " Pages can say no more than that mails were handed over."
    )
    settings = settings_of(tmp_path, CLOUD + "webhook = false\n", key)
    app = build(replace(settings, data=tmp_path / "data"))
    app.store.close()
    assert (app.sources, app.mailer.ceiling) == ({}, Ceiling.HANDED_OVER)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (CLOUD + "confirm_failures = true\n", ""),
        (
            GOOD + "[mail.customers_mail_cloud]\nconfirm_failures = true\n",
            "error 13 mail.customers_mail_cloud.confirm_failures: is true, and mail.service is 'smtp'",
        ),
        (
            CLOUD + "webhook = false\nconfirm_failures = true\n",
            "error 15 mail.customers_mail_cloud.confirm_failures: is true, and webhook is false",
        ),
    ],
)
def test_failures_are_confirmed_only_where_records_can(
    tmp_path: Path, text: str, fault: str
) -> None:
    """A service without records, or without a webhook, has nothing to confirm or nothing to be confirmed."""
    errors = [f for f in faults_of(tmp_path, text, CLOUD_SECRETS) if f.startswith("error")]
    assert [fault in found for found in errors] == ([True] if fault else [])


def test_the_bound_of_connections_is_the_smaller_one(tmp_path: Path) -> None:
    """Ten unless said otherwise; never more than mails are handed over at once, nor than any support would grant."""
    for line, most in (("", 10), ("connections = 3\n", 3), ("connections = 40\n", 40)):
        text = CLOUD.replace("[forms", "concurrency = 50\n[forms") + line
        settings = settings_of(tmp_path, text, CLOUD_SECRETS)
        assert CustomersMailCloudMailer(settings).concurrency == most
    (fault,) = faults_of(tmp_path, CLOUD + "connections = 0\n", CLOUD_SECRETS)
    assert "must be from 1 to 64" in fault


def test_customers_mail_cloud_needs_its_secrets(tmp_path: Path) -> None:
    """The API user, the API key and the webhook's secret are asked for; with them there is no fault."""
    text = GOOD.replace('"smtp"', '"customers-mail-cloud"')
    found = faults_of(tmp_path, text)
    assert len(found) == 3
    assert "TODOKE_CMC_API_KEY" in found[1]
    text += '[mail.customers_mail_cloud]\napi_user = "u@example.jp"\nurl = "http://127.0.0.1:9"\n'
    environ = {
        "TODOKE_CMC_API_KEY": "k",
        "TODOKE_CMC_HOOK_SECRET": "0123456789abcdef0123456789abcdef",
    }
    assert faults_of(tmp_path, text, environ) == []
    cloud = settings_of(tmp_path, text, environ).mail.own_as(CustomersMailCloudSettings)
    assert cloud.records_url == "http://127.0.0.1:9"  # a sandbox has its own records
    real = text.replace("http://127.0.0.1:9", "https://te.smtps.jp")
    there = settings_of(tmp_path, real, environ).mail.own_as(CustomersMailCloudSettings)
    assert there.records_url == "https://api.smtps.jp"
    assert (cloud.api_user, cloud.api_key.reveal()) == ("u@example.jp", "k")
    insecure = text.replace("127.0.0.1:9", "api.example.jp")
    assert "unencrypted" in faults_of(tmp_path, insecure, environ)[0]


FIELDS = """
[[forms.contact.fields]]
name = "topic"
type = "select"
options = {sales = "Sales", help = "Help"}
[[forms.contact.fields]]
name = "email"
type = "email"
required = true
maxlength = 100
[[forms.contact.fields]]
name = "when"
type = "date"
min = 2026-01-01
"""


def test_an_accept_that_says_nothing_is_an_error(tmp_path: Path) -> None:
    """In the file, where no browser reads it, a token without meaning is a slip that would refuse or take all files."""
    fields = '[[forms.contact.fields]]\nname = "photo"\ntype = "file"\naccept = [".JPG", "png"]\n'
    (fault,) = faults_of(tmp_path, f"{GOOD}confirmation = false\n{fields}")
    assert "fields[1].accept: has 'png'. Write .jpg" in fault


def test_fields_are_read_from_the_file(tmp_path: Path) -> None:
    """Fields keep their order and attributes; dates and numbers become text as in HTML."""
    fields = settings_of(tmp_path, GOOD + FIELDS).forms["contact"].fields
    assert fields is not None
    assert [f.name for f in fields] == ["topic", "email", "when"]
    assert fields[0].options == (("sales", "Sales"), ("help", "Help"))
    assert (fields[1].required, fields[1].maxlength) == (True, 100)
    assert fields[2].min == "2026-01-01"


@pytest.mark.parametrize(
    ("managers", "fault"),
    [
        ("{}", "error 11 forms.contact.managers: resolve to nobody."),
        (
            '{field = "nope", by_value = {x = "a@b.jp"}}',
            "error 11 forms.contact.managers.field: is 'nope'",
        ),
        (
            '{field = "topic", by_value = {sales = "a@b.jp"}}',
            "error 11 forms.contact.managers.by_value: names nobody for 'help'",
        ),
        (
            '{field = "topic", by_value = {sale = "a@b.jp"}, fallback = "c@b.jp"}',
            "warning 11 forms.contact.managers.by_value.sale: is no answer",
        ),
        (
            '{directory = "people.csv"}',
            "error 11 forms.contact.managers.directory: is 'people.csv'",
        ),
        (
            '{by_value = {sales = "a"}}',
            "error 11 forms.contact.managers.by_value.sales: 'a' is not",
        ),
    ],
)
def test_managers_that_cannot_work(tmp_path: Path, managers: str, fault: str) -> None:
    """A rule that finds nobody, or not for every answer, is named."""
    text = GOOD.replace('["manager@example.jp"]', managers) + FIELDS
    found = faults_of(tmp_path, text)
    assert any(line.startswith(fault) for line in found), found


def test_a_directory_maps_people_to_their_managers(tmp_path: Path) -> None:
    """Addresses are case-folded, and a person with two lines has two managers."""
    (tmp_path / "people.csv").write_text(
        "name,address,manager\nHanako,Hanako@example.jp,boss@example.jp\n,hanako@example.jp,vice@example.jp\n"
    )
    text = GOOD.replace('["manager@example.jp"]', '{field = "email", directory = "people.csv"}')
    managers = settings_of(tmp_path, text).forms["contact"].managers
    assert managers.directory == {"hanako@example.jp": ("boss@example.jp", "vice@example.jp")}


@pytest.mark.parametrize(
    "name", ["forms.example.jp", "relay", "xn--r8jz45g.jp", "[192.0.2.7]", "[IPv6:2001:db8::1]"]
)
def test_the_ehlo_name_is_a_host_or_an_address(tmp_path: Path, name: str) -> None:
    """As RFC 5321 4.1.1.1 writes them."""
    text = GOOD.replace("[forms.contact]", f'[mail.smtp]\nehlo_name = "{name}"\n[forms.contact]')
    assert settings_of(tmp_path, text).mail.own_as(SmtpSettings).ehlo_name == name


@pytest.mark.parametrize(
    "name",
    [
        "forms example.jp",
        "例え.jp",
        "a_b.jp",
        "-a.jp",
        "[a]",
        "[192.0.2.7",
        "[2001:db8::1]",
        "[IPv6:192.0.2.7]",
        "a" * 64,
    ],
)
def test_what_is_no_ehlo_name_is_refused(tmp_path: Path, name: str) -> None:
    """With what it could be."""
    text = GOOD.replace("[forms.contact]", f'[mail.smtp]\nehlo_name = "{name}"\n[forms.contact]')
    [finding] = faults_of(tmp_path, text)
    assert "mail.smtp.ehlo_name: is" in finding
    assert finding.endswith(
        'Write a host name ("forms.example.com") or an address in brackets ("[192.0.2.7]").'
    )


def test_a_directory_knows_a_mailbox_by_its_key(tmp_path: Path) -> None:
    """However it is spelt there: with quotes, or in Unicode where browsers send A-labels."""
    (tmp_path / "people.csv").write_text(
        'address,manager\n"""aya..h""@docomo.ne.jp",boss@example.jp\naoi@例え.jp,vice@example.jp\n'
    )
    text = GOOD.replace('["manager@example.jp"]', '{field = "email", directory = "people.csv"}')
    form = settings_of(tmp_path, text).forms["contact"]
    for typed, manager in (
        ("Aya..h@docomo.ne.jp", "boss@example.jp"),
        ("aoi@xn--r8jz45g.jp", "vice@example.jp"),
    ):
        assert managers_of(form, (Entry("email", typed),)) == (manager,)


def test_an_address_that_is_none_is_told_what_it_may_mean(tmp_path: Path) -> None:
    """In todoke.toml as on a form."""
    [finding] = faults_of(tmp_path, GOOD.replace("manager@example.jp", "manager＠example.jp"))
    assert finding.endswith("Did you mean manager@example.jp?")


def test_a_directory_s_fault_is_named_with_its_own_file_and_line(tmp_path: Path) -> None:
    """A wrong address in the CSV file is found on its line there."""
    people = tmp_path / "people.csv"
    people.write_text("address,manager\na@example.jp,boss@example.jp\nb@example.jp,boss\n")
    text = GOOD.replace('["manager@example.jp"]', '{field = "email", directory = "people.csv"}')
    (tmp_path / "todoke.toml").write_text(text)
    (finding,) = check(tmp_path / "todoke.toml", SECRET)
    assert (finding.file, finding.line) == (str(people), 3)
    assert "'boss' is not a mail address" in finding.message


def test_a_confirmation_goes_to_a_field_that_exists(tmp_path: Path) -> None:
    """A field that the form lacks is an error; `false` means no confirmation."""
    wrong = GOOD + 'confirmation = {field = "mail"}\n' + FIELDS
    assert faults_of(tmp_path, wrong)[0].startswith(
        "error 12 forms.contact.confirmation.field: is 'mail', and the form has no such field."
    )
    off = settings_of(tmp_path, GOOD + "confirmation = false\n" + FIELDS)
    assert off.forms["contact"].confirmation.field == ""


@pytest.mark.parametrize(
    ("door", "warned"),
    [
        ("http://forms.example.jp", True),
        ("http://203.0.114.7:8025", True),
        ("http://127.0.0.1:8025", False),
        ("http://[::1]:8025", False),
        ("http://192.168.1.4", False),
        ("http://nas:8025", False),
        ("http://forms.local", False),
    ],
)
def test_a_public_door_without_encryption_is_told(tmp_path: Path, door: str, warned: bool) -> None:
    """With the line to write; on this machine and in a network of one's own nothing is said."""
    found = faults_of(tmp_path, GOOD.replace("https://forms.example.jp", door))
    assert [f.partition(" is http")[0] for f in found] == ["warning 4 site.door_url:"] * warned
    assert all(f'`door_url = "{door.replace("http", "https", 1)}"`' in f for f in found)


def test_an_unencrypted_site_is_noted(tmp_path: Path) -> None:
    """Who can change the page can change where it posts."""
    path = tmp_path / "todoke.toml"
    path.write_text(GOOD.replace("https://www", "http://www"))
    found = [f for f in check(path, SECRET, notes=True) if f.key == "site.url"]
    assert [(f.severity, f.line) for f in found] == [("note", 3)]
    assert 'write `url = "https://www.example.jp"`' in found[0].hint


def test_hsts_is_for_https(tmp_path: Path) -> None:
    """A span of time where the door is https; an error where no browser would heed it; nothing by default."""
    wanted = GOOD.replace("[site]", '[site]\nhsts = "7d"')
    assert settings_of(tmp_path, wanted).site.hsts == timedelta(days=7)
    assert settings_of(tmp_path, GOOD).site.hsts == timedelta(0)
    faults = faults_of(tmp_path, wanted.replace("https://forms", "http://forms"))
    assert [f for f in faults if "site.hsts" in f and f.startswith("error 2")]


def test_a_day_s_uploads_are_more_than_two_forms_may_bring(tmp_path: Path) -> None:
    """Half of it may be taken at once, and a form that is allowed must have room."""
    wanted = GOOD.replace("[site]", '[site]\nuploads_a_day = "50GB"')
    assert settings_of(tmp_path, wanted).uploads_a_day == 50 * 1024**3
    assert settings_of(tmp_path, GOOD).uploads_a_day == 20 * 1024**3
    faults = faults_of(tmp_path, wanted.replace("50GB", "500MB"))
    assert [f for f in faults if "site.uploads_a_day" in f and f.startswith("error 2")]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Reading a file that is not there names it."""
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        read(tmp_path / "none.toml", {})


def test_reading_stops_with_the_first_fault_and_counts_the_rest(tmp_path: Path) -> None:
    """A start that fails says where, why, and that there is more."""
    with pytest.raises(ConfigError, match=r"todoke\.toml:1: .* \(\d more: see `todoke check`\)"):
        settings_of(tmp_path, "[site]\n")


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    """Without TODOKE_SECRET one is drawn, kept with mode 0600, and the same at the next start."""
    (tmp_path / "todoke.toml").write_text(GOOD)
    environ = {"TODOKE_DATA": str(tmp_path / "data")}
    assert check(tmp_path / "todoke.toml", environ) == []
    assert not (tmp_path / "data").exists()
    first = read(tmp_path / "todoke.toml", environ)
    assert first.secret == read(tmp_path / "todoke.toml", environ).secret
    assert len(first.secret) == 32
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("ab" * 32, True),
        ("A" * 43 + "=", True),
        ("_-" * 22, True),
        ("ab" * 31, False),
        ("hello!", False),
    ],
)
def test_todoke_secret_is_hex_or_base_64(tmp_path: Path, text: str, good: bool) -> None:
    """32 bytes or more are taken in hex or base 64; anything less or else is a fault."""
    found = faults_of(tmp_path, GOOD, {"TODOKE_SECRET": text})
    assert (found == []) == good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("0123456789abcdef", True),
        ("0123456789abcdef, fedcba9876543210", True),
        ("c29tZSBsb25nIHRva2Vu==", True),
        ("", True),
        ("0123456789abcde", False),
        ("0123456789 abcdef", False),
        ("0123456789abcdef, short", False),
        ("合言葉" * 10, False),
    ],
)
def test_a_token_that_can_be_guessed_or_not_be_stated_is_a_fault(
    tmp_path: Path, text: str, good: bool
) -> None:
    """16 characters or more, of those that a bearer token may hold; two while one takes the place of the other."""
    found = faults_of(tmp_path, GOOD, {"TODOKE_METRICS_TOKEN": text})
    assert (found == []) == good
    assert all("openssl rand" in fault and text not in fault for fault in found)


def test_a_token_in_the_file_is_led_to_the_environment(tmp_path: Path) -> None:
    """As every secret is."""
    written = GOOD.replace("[mail]", 'metrics_token = "0123456789abcdef"\n\n[mail]', 1)
    (fault,) = faults_of(tmp_path, written)
    assert "TODOKE_METRICS_TOKEN" in fault


def test_a_table_needs_a_secret_of_its_own(tmp_path: Path) -> None:
    """With TODOKE_TABLE the secret must be given, for no folder keeps it; then the table is the store."""
    zoned = GOOD.replace("[site]\n", '[site]\ntime_zone = "Asia/Tokyo"\n')
    found = faults_of(tmp_path, zoned, {"TODOKE_TABLE": "forms", "TODOKE_SECRET": ""})
    assert len(found) == 1
    assert "TODOKE_SECRET is missing" in found[0]
    assert faults_of(tmp_path, zoned, {"TODOKE_TABLE": "forms"}) == []
    assert settings_of(tmp_path, GOOD, {"TODOKE_TABLE": " forms "}).table == "forms"


@pytest.mark.parametrize("bad", ["\\u0007", "\\u0085", "\\u2028", "\\u2029", "\\u007f", "\\t"])
def test_the_senders_name_holds_nothing_that_no_header_may_hold(tmp_path: Path, bad: str) -> None:
    """Found before the first mail, with its line: the same set that the mail's writer refuses."""
    text = GOOD.replace('from = "Example', f'from = "Exam{bad}ple')
    [found] = faults_of(tmp_path, text)
    assert found.startswith("error 8 mail.from: holds a line break or another control character")


@pytest.mark.parametrize("key", ["from", "reply_to", "envelope_sender"])
def test_an_address_of_the_site_is_ascii_before_the_at(tmp_path: Path, key: str) -> None:
    """Every mail would need a server with SMTPUTF8; a domain may be any."""
    base = GOOD.replace('from = "Example <forms@example.jp>"', 'from = "forms@example.jp"')
    own = {"from": base.replace("forms@", "窓口@")}
    for address, is_good in (("窓口@example.jp", False), ("desk@例え.jp", True)):
        text = base.replace("[forms.", f'{key} = "{address}"\n[forms.')
        text = own["from"].replace("窓口@example.jp", address) if key == "from" else text
        found = [f for f in faults_of(tmp_path, text) if f.startswith("error")]
        assert (found == []) == is_good
        if found:
            assert f" mail.{key}: is {address}: only servers with SMTPUTF8" in found[0]


def test_a_timeout_fits_the_functions_that_hand_over(tmp_path: Path) -> None:
    """The default does where they do; one that is stated and does not names both, and what to set."""
    table = {"TODOKE_TABLE": "forms"}
    zoned = GOOD.replace("[site]\n", '[site]\ntime_zone = "Asia/Tokyo"\n')
    for timeout, environ, is_good in (("25s", table, True), ("1m", table, False), ("1m", {}, True)):
        text = (
            f'{zoned}\n[mail.smtp]\nhost = "127.0.0.1"\nsecurity = "none"\ntimeout = "{timeout}"\n'
        )
        found = faults_of(tmp_path, text, environ)
        assert (found == []) == is_good, found
        if found:
            assert "mail.smtp.timeout" in found[0]
            assert "TODOKE_TABLE" in found[0]
            assert "280 s" in found[0]
    assert settings_of(tmp_path, GOOD).table == ""


def test_a_bucket_needs_a_table(tmp_path: Path) -> None:
    """TODOKE_UPLOADS is the bucket beside TODOKE_TABLE; alone it would be ignored, so it is refused."""
    found = faults_of(tmp_path, GOOD, {"TODOKE_UPLOADS": "files"})
    assert len(found) == 1
    assert "TODOKE_TABLE is missing" in found[0]
    both = {"TODOKE_TABLE": "forms", "TODOKE_UPLOADS": " files "}
    assert settings_of(tmp_path, GOOD, both).uploads == "files"
    assert settings_of(tmp_path, GOOD).uploads == ""


@pytest.mark.parametrize(
    ("limits", "together", "single"),
    [
        ("{}", 100, 100),
        ('{uploads = "30MB"}', 30, 30),
        ('{file = "2MB"}', 100, 2),
        ('{uploads = "30MB", file = "2MB", body = "3MB"}', 30, 2),
    ],
)
def test_files_by_the_bucket_have_limits_of_their_own(
    tmp_path: Path, limits: str, together: int, single: int
) -> None:
    """A size of a file that the owner states holds for every file, however it comes."""
    found = settings_of(tmp_path, f"{GOOD}limits = {limits}\n").forms["contact"].limits
    assert (found.upload_bytes, found.upload_file_bytes) == (together << 20, single << 20)


def test_lines_of_every_shape_of_toml() -> None:
    """Dotted keys, arrays of tables, inline tables, multi-line strings and arrays are placed exactly."""
    text = '''\
top = 1
a.b."c d" = """
[not.a.table]
x = 1""""
[x]  # y = 1
list = [
  1, # one
  {k = "]", l = [2,
    3]},
]
[[t]]
n = 1
[[t]]
n = 2
[t.sub]
m = 1979-05-27 07:32:00
'''
    found = places(text)
    assert [found[path] for path in [("top",), ("a",), ("a", "b", "c d"), ("x",)]] == [1, 2, 2, 5]
    assert found["x", "list", 1, "l", 1] == 9
    assert found["t", 1, "n"] == 14
    assert found["t", 1, "sub", "m"] == 16
    assert line_of(found, ("t", 1, "nothing", "here")) == 13


KEY = st.text("ab.\"' é", min_size=1, max_size=4)
LEAF = st.integers() | st.booleans() | st.text("a\"'\\[]{}#=,\n é", max_size=8)
BRANCH = LEAF | st.lists(LEAF, max_size=3) | st.dictionaries(KEY, LEAF, max_size=3)
VALUE = BRANCH | st.lists(BRANCH, max_size=3) | st.dictionaries(KEY, BRANCH, max_size=3)


def toml(value: Any, blank: str) -> str:
    """`value` as a TOML value, with `blank` between the elements of arrays."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return f"[{blank}" + "".join(f"{toml(item, blank)}{blank},{blank}" for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)} = {toml(v, blank)}" for k, v in value.items()) + "}"
    return str(value)


def quoted(text: str) -> str:
    """A TOML basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Every path in a document."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return {path} - {()} | {found for key, item in inner for found in paths(item, (*path, key))}


@given(
    st.dictionaries(KEY, VALUE, max_size=3),
    st.dictionaries(KEY, st.dictionaries(KEY, VALUE, max_size=3), max_size=3),
    st.sampled_from(["", " ", "\n", " # ]\n"]),
)
def test_each_path_of_a_document_has_its_line(
    top: dict[str, Any], tables: dict[str, dict[str, Any]], blank: str
) -> None:
    """For any document: what tomllib reads and what is placed are the same paths, on the lines they were written."""
    lines = [f"{quoted(k)} = {toml(v, blank)}" for k, v in top.items()]
    expected: dict[tuple[str | int, ...], int] = {}
    for name, table in tables.items():
        if name in top:
            continue
        expected[name,] = sum(line.count("\n") + 1 for line in lines) + 1
        lines.append(f"[{quoted(name)}]")
        lines += [f"{quoted(k)} = {toml(v, blank)}" for k, v in table.items()]
    text = "\n".join(lines) + "\n"
    found = places(text)
    assert set(found) == paths(tomllib.loads(text))
    assert {path: found[path] for path in expected} == expected


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<p>no form", "error page.html forms.contact.page: The page has no <form>."),
        (
            '<form action="/f/other"><input name="email" type="email"></form>',
            'warning page.html forms.contact.page: the form posts to "/f/other", which is https://www.example.jp/f/other',
        ),
        (
            '<meta charset="utf-8"><form action="/f/contact"><input name="email" type="email" pattern="["></form>',
            "warning page.html forms.contact.page: ",
        ),
        (
            '<meta charset="no-such"><form action="/f/contact"><input name="email"></form>',
            "warning page.html forms.contact.page: the page does not state its encoding",
        ),
    ],
)
def test_faults_of_a_page_are_named_with_the_page(tmp_path: Path, html: str, fault: str) -> None:
    """What is wrong with the form's page is told of the page's own file."""
    (tmp_path / "page.html").write_text(html)
    path = tmp_path / "todoke.toml"
    path.write_text(GOOD + 'page = "page.html"\n')
    found = [f"{f.severity} {Path(f.file).name} {f.key}: {f.message}" for f in check(path, SECRET)]
    assert any(line.startswith(fault) for line in found), found


def test_a_page_gives_fields_title_language_and_charset(tmp_path: Path) -> None:
    """The page is read in the charset it declares, and the file changes single attributes of its fields."""
    html = (
        '<html lang="ja"><meta charset="shift_jis"><title>お問い合わせ</title><form action="/f/contact">'
        '<input name="email" type="email" required><textarea name="本文" maxlength="10"></textarea></form>'
    )
    (tmp_path / "page.html").write_bytes(html.encode("shift_jis"))
    extra = 'page = "page.html"\n[[forms.contact.fields]]\nname = "本文"\nrequired = true\n'
    form = settings_of(tmp_path, GOOD + extra).forms["contact"]
    assert (form.title, form.language, form.charset.replace("-", "_")) == (
        "お問い合わせ",
        "ja",
        "shift_jis",
    )
    text = form.field("本文")
    assert text is not None
    assert (text.kind, text.required, text.maxlength) == ("textarea", True, 10)
    assert form.confirmation.field == "email"


def test_a_page_is_read_as_browsers_read_it(tmp_path: Path) -> None:
    """In the encoding it is served with, or states; a byte that means nothing there is told with its line."""
    form = f'<form method="post" action="{DOOR}"><input name="email"><input name="①～"></form>'
    page = tmp_path / "p.html"
    path = tmp_path / "todoke.toml"

    def found(extra: str, raw: bytes) -> tuple[list[str], list[str]]:
        page.write_bytes(raw)
        path.write_text(GOOD + f'page = "p.html"\n{extra}')
        told = [
            f"{f.severity} {Path(f.file).name} {f.line} {f.message[:12]}"
            for f in check(path, SECRET)
        ]
        names = [
            f.name for f in settings_of(tmp_path, path.read_text()).forms["contact"].fields or ()
        ]
        return told, names

    whole = ["email", "①～"]
    assert found("", b"<meta charset=x-sjis>" + form.encode("cp932")) == ([], whole)
    assert found('charset = "windows-31j"', form.encode("cp932")) == ([], whole)
    told, names = found("", b"<meta charset=x-sjis>\n\xff" + form.encode("cp932"))
    assert told == ["warning p.html 2 bytes that a"]
    assert names == whole
    assert found("", form.encode()) == (["warning p.html 0 the page doe"], whole)
    page.write_bytes(b"\n\n" + form.encode("cp932"))
    path.write_text(GOOD + 'page = "p.html"\n')
    assert [(f.severity, f.line) for f in check(path, SECRET)] == [("error", 3)]


def test_a_hint_names_the_choices_as_a_sentence_does(tmp_path: Path) -> None:
    """A word that is not near to any is answered with all of them."""
    path = tmp_path / "todoke.toml"
    path.write_text('[site]\nlanguage = "fr"\n[mail.smtp]\nsecurity = "xyz"\n')
    hints = [finding.hint for finding in check(path, {})]
    assert "It may be en or ja." in hints
    assert "It may be starttls, tls or none." in hints


@pytest.mark.parametrize("kind", ["email", "text"])
def test_replyto_is_the_visitors_address(tmp_path: Path, kind: str) -> None:
    """The name that other services give it counts where no field is `email` or the only one of that type."""
    controls = (
        f"<input type={kind} name=_replyto><input type=email name=a><input type=email name=b>"
    )
    (tmp_path / "p.html").write_text(f'<form method="post" action="/f/contact">{controls}</form>')
    settings = settings_of(tmp_path, f'{GOOD}page = "p.html"\n')
    assert settings.forms["contact"].confirmation.field == "_replyto"


def test_a_control_field_of_two_meanings_has_a_place(tmp_path: Path) -> None:
    """The finding names the page with its line, or the line of the file."""
    page = (
        f'<meta charset="utf-8"><form method="post" action="{DOOR}">\n<input name="_next"></form>'
    )
    (tmp_path / "p.html").write_text(page)
    path = tmp_path / "todoke.toml"
    rows = '[[forms.contact.fields]]\nname = "_language"\n'
    path.write_text(f'{GOOD}page = "p.html"\nconfirmation = false\n{rows}')
    found = [(Path(f.file).name, f.line, f.message.split()[0]) for f in check(path, SECRET)]
    line = path.read_text().splitlines().index('name = "_language"') + 1
    assert found == [("todoke.toml", line, '"_language"'), ("p.html", 2, '"_next"')]


IDN = GOOD.replace("https://forms.example.jp", "https://フォーム.jp/届け/").replace(
    "https://www.example.jp", "https://例え.jp"
)


def test_every_address_of_the_web_is_read_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    """Letters of any script may be written; headers and mails get A-labels and percent-encoding."""
    form = (
        'redirect = "https://例え.jp/届け?名=葵"\npage_url = "https://例え.jp/お問い合わせ.html"\n'
    )
    settings = settings_of(tmp_path, IDN + form)
    assert settings.site.door_url == "https://xn--jckte8a7g.jp/%E5%B1%8A%E3%81%91"
    assert (settings.site.url, *settings.site.origins) == ("https://xn--r8jz45g.jp",) * 2
    contact = settings.forms["contact"]
    assert contact.redirect == "https://xn--r8jz45g.jp/%E5%B1%8A%E3%81%91?%E5%90%8D=%E8%91%B5"
    assert contact.page_url.startswith("https://xn--r8jz45g.jp/%E3%81%8A")
    assert contact.page_url.isascii()
    environ = {"TODOKE_DOOR_URL": "https://フォーム.jp:8443/"}
    assert settings_of(tmp_path, IDN, environ).site.door_url == "https://xn--jckte8a7g.jp:8443"


@pytest.mark.parametrize(
    "host", ["a;script-src *", "*.jp", "xn--a", "a,b.jp", "300.1.1.1", "a_\u200b|b"]
)
@pytest.mark.parametrize("key", ["url", "door_url", "origins", "page_url", "redirect"])
def test_what_no_browser_can_go_to_is_an_error(tmp_path: Path, key: str, host: str) -> None:
    """Or what would end an entry of a policy: the finding names the key."""
    value = f'"https://{host}"' if key != "origins" else f'["https://{host}"]'
    if key in ("page_url", "redirect"):
        text = f"{GOOD}{key} = {value}\n"
    else:
        kept = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{key} ="))
        text = kept.replace("[site]", f"[site]\n{key} = {value}")
    (found,) = [f for f in faults_of(tmp_path, text) if f.startswith("error")]
    assert key in found.partition(":")[0]


@given(
    key=st.sampled_from(["url", "door_url", "page_url", "redirect"]),
    rest=st.text(st.characters(codec="utf-8"), max_size=20),
)
def test_no_configuration_brings_a_url_that_breaks_a_header(
    tmp_path_factory: pytest.TempPathFactory, key: str, rest: str
) -> None:
    """Whatever is written, it is refused or it is printable ASCII."""
    value = json.dumps(f"https://{rest}", ensure_ascii=True)
    text = GOOD + f"{key} = {value}\n"
    if key in ("url", "door_url"):
        text = re.sub(rf"^{key} = .*$", lambda _: f"{key} = {value}", GOOD, flags=re.MULTILINE)
    try:
        settings = settings_of(tmp_path_factory.getbasetemp(), text)
    except ConfigError:
        return
    form = settings.forms["contact"]
    for url in (settings.site.url, settings.site.door_url, form.page_url, form.redirect):
        assert re.fullmatch(r"[\x21-\x7e]*", url)

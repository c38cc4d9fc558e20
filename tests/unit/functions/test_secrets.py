"""Secrets of a function: fetched once, only its own, and named when they are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from todoke.aws.functions.function import Function
from todoke.aws.functions.secrets import (
    NEEDED,
    origin_secrets,
    require_secret,
    require_secrets,
    with_origin_secret,
    with_secrets,
)
from todoke.configuration import read
from todoke.model import ids
from todoke.model.errors import ConfigError
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings

CONFIGURATION = """
[site]
name = "Example"
url = "https://www.example.jp"

[mail]
service = "customers-mail-cloud"
from = "Example <forms@example.jp>"

[mail.customers_mail_cloud]
api_user = "forms"

[forms.contact]
managers = ["manager@example.jp"]
"""


class Parameters:
    """A store of secrets that notes what it is asked for."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.asked: list[list[str]] = []

    def __call__(self, names: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(list(names))
        values = {name: self.values.get(name.rpartition("/")[2]) for name in names}
        return {name: value for name, value in values.items() if value}


ALL = Parameters(
    TODOKE_SECRET="ab" * 32,
    TODOKE_CMC_HOOK_SECRET="0123456789abcdef0123456789abcdef",
    TODOKE_CMC_API_KEY="the key",
)


@pytest.mark.parametrize("function", NEEDED)
@pytest.mark.parametrize("path", ["/todoke/test", "/todoke/test/"])
def test_one_call_fetches_only_what_the_function_needs(function: str, path: str) -> None:
    """Who takes forms never has the key that sends mail, and the other way round."""
    ask = Parameters(**ALL.values)
    found = with_secrets({"TODOKE_SECRETS_PATH": path, "HOME": "/"}, function, ask)
    assert ask.asked == [[f"/todoke/test/{name}" for name in NEEDED[function]]]
    assert {name for name in found if name in ALL.values} == set(NEEDED[function]) & set(ALL.values)
    assert found["HOME"] == "/"
    assert ("TODOKE_CMC_API_KEY" in found) == (function != "web")


def test_what_the_environment_has_is_not_asked_for() -> None:
    """On a developer's machine the variables are enough, and no path means no call."""
    ask = Parameters()
    environ = {"TODOKE_SECRETS_PATH": "/x", **dict.fromkeys(NEEDED["web"], "there")}
    assert with_secrets(environ, "web", ask) == environ
    assert with_secrets({}, "web", ask) == {}
    assert ask.asked == []


@pytest.fixture(autouse=True)
def region(aws_credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of DynamoDB can be made; nobody asks it anything, and it asks nobody for credentials."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")


def function_in(folder: Path, name: str, ask: Parameters, made: list[Any]) -> Function:
    """A function whose package is this folder; what it is made with goes to `made`."""
    (folder / "todoke.toml").write_text(CONFIGURATION)
    environ = {
        "LAMBDA_TASK_ROOT": str(folder),
        "TODOKE_DATA": str(folder / "data"),
        "TODOKE_DOOR_URL": "https://door.example.jp/",
        "TODOKE_SECRETS_PATH": "/todoke/test",
        "TODOKE_TABLE": "any",
    }

    def make(app: Any, _environ: Mapping[str, str]) -> Any:
        made.append(app)
        return lambda event, _context: event

    return Function(name, make, environ, ask)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("web", "TODOKE_SECRET"),
        ("web", "TODOKE_CMC_HOOK_SECRET"),
        ("sender", "TODOKE_SECRET"),
        ("sender", "TODOKE_CMC_API_KEY"),
        ("sweep", "TODOKE_CMC_API_KEY"),
    ],
)
def test_a_missing_secret_stops_the_start_by_its_name(
    tmp_path: Path, name: str, missing: str
) -> None:
    """The error says which parameter to set, and tells no other."""
    ask = Parameters(**{key: value for key, value in ALL.values.items() if key != missing})
    with pytest.raises(ConfigError) as error:
        function_in(tmp_path, name, ask, []).start()
    assert f"Set the parameter /todoke/test/{missing} " in str(error.value)
    assert not any(value in str(error.value) for value in ALL.values.values())


def test_what_is_missing_in_secrets_manager_is_called_a_secret() -> None:
    """So that nobody puts it into the other store."""
    with pytest.raises(ConfigError, match="Set the secret /todoke/test/TODOKE_SECRET "):
        require_secret(
            {"TODOKE_SECRETS_PATH": "/todoke/test", "TODOKE_SECRETS_FROM": "secrets-manager"}
        )


def test_secrets_are_fetched_once_for_many_events(tmp_path: Path) -> None:
    """A start fetches them; events do not."""
    ask, made = Parameters(**ALL.values), list[Any]()
    function = function_in(tmp_path, "web", ask, made)
    function.start()
    assert len(ask.asked) == 1
    assert made[0].settings.site.door_url == "https://door.example.jp"
    assert made[0].settings.secret == bytes.fromhex("ab" * 32)
    assert not made[0].settings.mail.own_as(CustomersMailCloudSettings).api_key
    made[0].store.close()


@pytest.mark.parametrize(("line", "told"), [("", True), ('time_zone = "UTC"', False)])
def test_a_function_in_a_zone_that_nobody_chose_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: str, told: bool
) -> None:
    """A package built by hand may lack the line: forms are taken, and the log has a warning."""
    made = list[Any]()
    function = function_in(tmp_path, "web", Parameters(**ALL.values), made)
    text = CONFIGURATION.replace("[site]\n", f"[site]\n{line}\n")
    (tmp_path / "todoke.toml").write_text(text)
    function.start()
    assert ("no_time_zone" in caplog.text) == told
    made[0].store.close()


def test_a_snapshot_holds_no_secret(tmp_path: Path) -> None:
    """What is prepared before the copy knows no secret and makes no handler; each copy fetches its own."""
    ask, made = Parameters(**ALL.values), list[Any]()
    function = function_in(tmp_path, "web", ask, made)
    function.prepare()
    assert ask.asked == []
    assert made == []
    function.start()
    assert len(ask.asked) == 1
    assert made[0].settings.mail.own_as(CustomersMailCloudSettings).hook_secret
    made[0].store.close()


def test_copies_of_a_process_draw_random_numbers_of_their_own() -> None:
    """Bytes drawn in advance are forgotten: two copies of a snapshot never make the same token."""
    ids.new_attempt_token()
    block, used = ids._random._block, ids._random._used
    first = ids.new_attempt_token()
    ids._random._block, ids._random._used = block, used  # the other copy of the snapshot
    ids.start_anew()
    assert ids.new_attempt_token() != first


SES = """
[site]
name = "Example"
url = "https://www.example.jp"

[mail]
service = "ses"
from = "Example <forms@example.jp>"

[mail.ses]
configuration_set = "forms"
topics = ["arn:aws:sns:us-east-1:123456789012:forms"]

[forms.contact]
managers = ["manager@example.jp"]
"""


@pytest.mark.parametrize(
    ("environ", "secrets"),
    [
        ({}, ()),
        ({"TODOKE_ORIGIN_SECRET": "a" * 32}, ()),
        ({"TODOKE_BEHIND_CLOUDFRONT": "no", "TODOKE_ORIGIN_SECRET": "a" * 32}, ()),
        ({"TODOKE_BEHIND_CLOUDFRONT": "yes", "TODOKE_ORIGIN_SECRET": "a" * 32}, ("a" * 32,)),
        (
            {"TODOKE_BEHIND_CLOUDFRONT": "yes", "TODOKE_ORIGIN_SECRET": f"{'b' * 32}  {'a' * 40} "},
            ("b" * 32, "a" * 40),
        ),
        ({"TODOKE_BEHIND_CLOUDFRONT": "yes", "TODOKE_ORIGIN_SECRET": ",'" * 16}, (",'" * 16,)),
    ],
)
def test_a_door_behind_cloudfront_knows_its_secrets(
    environ: dict[str, str], secrets: tuple[str, ...]
) -> None:
    """Two while one takes the other's place; none where the stack does not say that there is a CloudFront."""
    assert origin_secrets(environ) == secrets


@pytest.mark.parametrize("value", [None, "", "  ", "a" * 31, f"{'a' * 32} b"])
def test_a_door_behind_cloudfront_does_not_start_without_a_secret_that_nobody_guesses(
    value: str | None,
) -> None:
    """Else it would answer everybody, or nobody, and say neither."""
    environ = {"TODOKE_BEHIND_CLOUDFRONT": "yes", "TODOKE_SECRETS_PATH": "/todoke/test"}
    with pytest.raises(ConfigError, match="TODOKE_ORIGIN_SECRET"):
        origin_secrets(environ if value is None else {**environ, "TODOKE_ORIGIN_SECRET": value})


BEHIND = {"TODOKE_BEHIND_CLOUDFRONT": "yes", "TODOKE_SECRETS_PATH": "/todoke/test/"}


@pytest.mark.parametrize("versions", [("n" * 64, "o" * 64), ("n" * 64,), ()])
def test_what_cloudfront_proves_itself_with_is_good_in_its_version_before_as_well(
    versions: tuple[str, ...],
) -> None:
    """CloudFront sends the old one until its own stack is deployed."""
    asked = list[str]()

    def ask(name: str) -> Sequence[str]:
        asked.append(name)
        return versions

    found = with_origin_secret(BEHIND, ask)
    assert asked == ["/todoke/test/TODOKE_ORIGIN_SECRET"]
    if versions:
        assert origin_secrets(found) == versions
    else:
        with pytest.raises(ConfigError, match="Set the secret /todoke/test/TODOKE_ORIGIN_SECRET "):
            origin_secrets(found)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"TODOKE_BEHIND_CLOUDFRONT": "no", "TODOKE_SECRETS_PATH": "/x"},
        {**BEHIND, "TODOKE_ORIGIN_SECRET": "a" * 32},
        {"TODOKE_BEHIND_CLOUDFRONT": "yes"},
    ],
)
def test_nobody_is_asked_for_it_where_no_cloudfront_is_or_the_environment_has_it(
    environ: dict[str, str],
) -> None:
    """A role may read it only where the stack says that there is one."""

    def ask(name: str) -> Sequence[str]:
        raise AssertionError(name)

    assert with_origin_secret(environ, ask) == environ


def test_a_short_one_that_was_put_by_mistake_is_forgotten_with_the_next() -> None:
    """Else a door that does not start for it would not start for the right one either."""
    assert origin_secrets(with_origin_secret(BEHIND, lambda _: ("n" * 64, "short"))) == ("n" * 64,)
    with pytest.raises(ConfigError, match="could be guessed"):
        origin_secrets(with_origin_secret(BEHIND, lambda _: ("short", "o" * 64)))


def test_a_site_on_ses_needs_the_secret_of_its_webhook_and_no_key(tmp_path: Path) -> None:
    """The functions' roles may send; only who takes events must know the webhook's secret."""
    ask = Parameters(TODOKE_SECRET="ab" * 32)
    web = function_in(tmp_path, "web", ask, [])
    (tmp_path / "todoke.toml").write_text(SES)
    with pytest.raises(ConfigError, match="/todoke/test/TODOKE_SES_HOOK_SECRET"):
        web.start()
    made = list[Any]()
    sender = function_in(tmp_path, "sender", ask, made)
    (tmp_path / "todoke.toml").write_text(SES)
    sender.start()
    assert made[0].mailer.name == "ses"


def test_a_desk_with_a_provider_needs_our_secret_there(tmp_path: Path) -> None:
    """Of the functions the one that answers the desk alone asks for it, and does not start without."""
    (tmp_path / "todoke.toml").write_text(
        CONFIGURATION + '[desk.oidc]\nissuer = "https://login.example.jp"\nclient_id = "forms"\n'
    )
    environ = {
        "TODOKE_DOOR_URL": "https://door.example.jp",
        "LAMBDA_TASK_ROOT": str(tmp_path),
        "TODOKE_TABLE": "table",
        **ALL.values,
    }
    settings = read(tmp_path / "todoke.toml", environ, serving=False)
    require_secrets(settings, "sender", environ)
    with pytest.raises(ConfigError, match="TODOKE_OIDC_SECRET"):
        require_secrets(settings, "web", environ)
    environ |= {"TODOKE_OIDC_SECRET": "s"}
    require_secrets(read(tmp_path / "todoke.toml", environ, serving=False), "web", environ)
    assert [f for f, names in NEEDED.items() if "TODOKE_OIDC_SECRET" in names] == ["web"]


def test_a_captcha_s_secret_is_for_who_takes_forms(tmp_path: Path) -> None:
    """Without it that one does not start; the others need none."""
    asks = CONFIGURATION.replace(
        "[forms.contact]", "[forms.contact]\ncaptcha = true\nreview = true"
    )
    (tmp_path / "todoke.toml").write_text(asks + '[guard]\ncaptcha = "turnstile"\n')
    environ = {
        "TODOKE_DOOR_URL": "https://door.example.jp",
        "LAMBDA_TASK_ROOT": str(tmp_path),
        "TODOKE_TABLE": "table",
        **ALL.values,
    }
    settings = read(tmp_path / "todoke.toml", environ, serving=False)
    require_secrets(settings, "sender", environ)
    with pytest.raises(ConfigError, match="TODOKE_CAPTCHA_SECRET"):
        require_secrets(settings, "web", environ)
    environ |= {"TODOKE_CAPTCHA_SECRET": "s"}
    require_secrets(read(tmp_path / "todoke.toml", environ, serving=False), "web", environ)
    assert [f for f, names in NEEDED.items() if "TODOKE_CAPTCHA_SECRET" in names] == ["web"]

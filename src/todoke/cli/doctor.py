"""`todoke doctor`: gather facts at the edges, each within a time limit, and print what they come to."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from todoke.cli.output import clean, print_json, print_line, style
from todoke.configuration import ERROR, Finding, read
from todoke.configuration import check as find_faults
from todoke.doctor import judge as doctor
from todoke.doctor.judge_dns import Resolver, judge_domain
from todoke.doctor.look_dns import look_up, system_resolver
from todoke.doctor.look_store import look_at_store, look_for_words
from todoke.model.delivery import Ceiling
from todoke.model.errors import ConfigError, Error
from todoke.model.log import get_logger
from todoke.model.loopback import is_loopback
from todoke.model.own_url import own_url
from todoke.model.settings import Settings
from todoke.ports.clock import Clock
from todoke.ports.diagnosis import Check, Consultation, Verdict
from todoke.ports.identity import IdentityUnavailable
from todoke.services.http.ask import ask
from todoke.services.table import service_named
from todoke.walk.app import utc_now
from todoke.web.door.rehearse import rehearse
from todoke.wiring import open_courier

_COLOURS = {
    Verdict.GOOD: "green",
    Verdict.WARN: "yellow",
    Verdict.BAD: "red",
    Verdict.UNKNOWN: "cyan",
}
MOST_SECONDS_OF_A_PROXY = 2.0  # one that would take the body waits for it, and is not waited for
log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How to look: `seconds` for each step, DKIM `selectors`, and whether a service's records may be asked."""

    seconds: float = 10.0
    selectors: tuple[str, ...] = ()
    ask_records: bool = False


def doctor_command(config: Path, wishes: Wishes, *, as_json: bool) -> int:
    """Print every check; 1 when one is bad, else 0. Raises ConfigError: if the configuration is wrong."""
    settings = read(config, os.environ, serving=False)
    findings = find_faults(config, os.environ, rehearse=rehearse)
    checks = [judge_configuration(config, findings)]
    try:
        checks += examine(settings, wishes, resolver=system_resolver())
    except ConfigError as error:
        checks += examine(settings, wishes, resolver=None)
        checks.append(doctor.failed("dns", str(error).rstrip(".")))
    for check in checks:
        if as_json:
            print_json({name: getattr(check, name) for name in ("name", "status", "says", "do")})
        else:
            _print_check(check)
    if not as_json:
        _print_sum(checks)
    return doctor.exit_code(checks)


def judge_configuration(config: Path, findings: Sequence[Finding]) -> Check:
    """What `todoke check` found, in one line."""
    errors = sum(finding.severity == ERROR for finding in findings)
    if not findings:
        return Check("configuration", Verdict.GOOD, f"{config} has no fault.")
    verdict = Verdict.BAD if errors else Verdict.WARN
    says = f"{config}: errors: {errors}, warnings: {len(findings) - errors}."
    return Check("configuration", verdict, says, "Run todoke check, which explains each.")


def examine(
    settings: Settings, wishes: Wishes, *, resolver: Resolver | None, clock: Clock = utc_now
) -> list[Check]:
    """Every check beyond the file, in order. All steps run at once, and none is waited for beyond its time."""
    examination = Examination(settings, wishes, resolver, clock)
    steps: Mapping[str, Callable[[], list[Check]]] = {
        "store": examination.store,
        "clock": examination.clock,
        "dns": examination.dns,
        "mail": examination.mail,
        "door": examination.door,
        "webhook": examination.webhook,
        "provider": examination.provider,
        "webhooks": examination.webhooks,
    }
    threads = {name: _Step(name, step) for name, step in steps.items()}
    for thread in threads.values():
        thread.start()
    until = time.monotonic() + wishes.seconds
    checks: list[Check] = []
    for name, thread in threads.items():
        thread.join(max(0.0, until - time.monotonic()))
        found = thread.found
        checks += [doctor.not_finished(name, wishes.seconds)] if found is None else found
    return checks


class _Step(threading.Thread):
    """One step, in a thread that does not keep the process from ending."""

    def __init__(self, name: str, step: Callable[[], list[Check]]) -> None:
        super().__init__(name=f"todoke-doctor-{name}", daemon=True)
        self._step_name, self._step = name, step
        self.found: list[Check] | None = None

    def run(self) -> None:
        try:
            self.found = self._step()
        except Error as error:
            self.found = [doctor.failed(self._step_name, str(error).rstrip("."))]
        except Exception as error:
            log.exception("doctor_step_failed", step=self._step_name)
            self.found = [doctor.failed(self._step_name, type(error).__name__)]


class Examination:
    """The steps, over one configuration."""

    def __init__(
        self, settings: Settings, wishes: Wishes, resolver: Resolver | None, clock: Clock
    ) -> None:
        self._settings, self._wishes, self._resolver, self._now = settings, wishes, resolver, clock
        self._seconds = max(1.0, wishes.seconds / 2)
        asked = Consultation(
            settings=settings,
            seconds=self._seconds,
            clock=clock,
            may_ask_records=wishes.ask_records,
        )
        self._service = service_named(settings.mail.service).open_doctor(asked)

    def store(self) -> list[Check]:
        """The store: sound, writable, with room."""
        return doctor.judge_store(look_at_store(self._settings, self._now()))

    def clock(self) -> list[Check]:
        """Our clock, beside those of the mail service and of our own door."""
        urls = filter(None, (self._service.url, self._settings.site.door_url))
        return doctor.judge_clock([ask(url, seconds=self._seconds, method="HEAD") for url in urls])

    def dns(self) -> list[Check]:
        """The From domain's records."""
        if self._resolver is None:
            return []
        needs = self._service.needs_of_domain()
        domain = self._settings.mail.sender.address.ascii_domain
        facts = look_up(
            self._resolver,
            domain,
            envelope=needs.envelope,
            selectors=self._wishes.selectors,
            cnames=needs.cnames,
        )
        return judge_domain(facts, needs)

    def mail(self) -> list[Check]:
        """The mail service: whether it answers and knows us. No mail is sent."""
        return self._service.look_at_mail()

    def door(self) -> list[Check]:
        """Our own address, as seen from here."""
        url = self._settings.site.door_url
        found = doctor.judge_door(
            ask(own_url(url, "/healthz"), seconds=self._seconds), _host_of(url)
        )
        if not is_loopback(urlsplit(url).hostname or ""):
            found += doctor.judge_figures(ask(f"{url}/metrics", seconds=self._seconds), url)
        if found[0].status is Verdict.GOOD:
            room = max(form.limits.body_bytes for form in self._settings.forms.values())
            health, soon = own_url(url, "/healthz"), min(MOST_SECONDS_OF_A_PROXY, self._seconds)
            refused = ask(health, seconds=soon, method="POST", announced=room)
            found += doctor.judge_room(refused, _host_of(url), room)
        if found[0].status is Verdict.GOOD and self._tells_events:
            hook = self._hook()
            found += doctor.judge_hook_address(ask(f"{hook}doctor", seconds=self._seconds), hook)
        return found

    @property
    def _tells_events(self) -> bool:
        return self._settings.mail.own.ceiling is Ceiling.DELIVERED

    def _hook(self) -> str:
        """The webhook's address, without the secret at its end."""
        return own_url(self._settings.site.door_url, f"/hooks/{self._settings.mail.service}/")

    def webhook(self) -> list[Check]:
        """When the mail service last spoke."""
        mail = self._settings.mail
        return doctor.judge_hearing(
            look_for_words(self._settings, expects=self._tells_events),
            now=self._now(),
            expected=mail.expect_events_within,
            hook=self._hook(),
            zone=self._settings.site.time_zone,
        )

    def webhooks(self) -> list[Check]:
        """Whether webhooks can be told, where there are any. Nothing is posted."""
        from todoke.doctor.judge_webhooks import judge_webhooks
        from todoke.doctor.look_webhooks import look_for_off

        courier, hooks = open_courier(self._settings), self._settings.webhooks.values()
        if courier is None:
            return []
        return judge_webhooks(hooks, courier.find, look_for_off(self._settings))

    def provider(self) -> list[Check]:
        """Whether people can enter the desk by the OpenID provider, where there is one."""
        from todoke.doctor.judge_provider import judge_provider, no_provider
        from todoke.identity.provider import open_identity

        identity, oidc = open_identity(self._settings), self._settings.desk.oidc
        if identity is None or oidc is None:
            return []
        try:
            found = identity.look()
        except IdentityUnavailable as error:
            return [no_provider(oidc.name, str(error))]
        finally:
            identity.close()
        return [judge_provider(oidc.name, found, has_secret=bool(self._settings.oidc_secret))]


def _host_of(url: str) -> str:
    return urlsplit(url).netloc


def _print_check(check: Check) -> None:
    word, name = style(check.status.value, _COLOURS[check.status]), style(check.name, "bold")
    word += " " * (7 - len(check.status.value))
    name += " " * (16 - len(check.name))
    print_line(f"{word} {name} {clean(check.says)}")
    if check.do:
        print_line(f"{'':25}{clean(check.do)}")


def _print_sum(checks: Sequence[Check]) -> None:
    counts = {word: sum(check.status is word for check in checks) for word in Verdict}
    print_line(", ".join(f"{n} {word.value}" for word, n in counts.items() if n) + ".")

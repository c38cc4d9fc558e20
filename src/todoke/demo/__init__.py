"""`todoke demo`: a sample site, todoke itself, and a local mail service with an inbox, in one process.

todoke runs as it does in production: the mail service is another application, reached over HTTP, and its delivery
events come back through the webhook. The settings are those of todoke.toml beside this file.
"""

from __future__ import annotations

import dataclasses
import hmac
import os
import socket
import sys
from pathlib import Path

import msgspec

from todoke.configuration import read
from todoke.demo.command import own_command, shown
from todoke.demo.switch import SwitchedMailer, WebhookSwitch
from todoke.model.log import log_to_stderr
from todoke.model.own_url import own_url
from todoke.model.settings import Secret, Settings
from todoke.model.url import origin_of
from todoke.server.run import Server, listen, run_servers
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.toml.permissions import loose_files
from todoke.walk.app import App
from todoke.wiring import build_to_serve, loss_of

HERE = Path(__file__).parent
HOST = "127.0.0.1"
DEFAULT_DATA = "./demo-data"

_WELCOME = """\

  todoke is running on this machine alone.

  Sample site    {site}/
  Contact form   {site}/contact.html
  Leave request  {site}/leave.html
  Inbox          {inbox}/   every mail ends up here
  Desk           {desk}
                 (the link opens once; `{command}` prints another.
                 As a manager: ask at {site}/desk as {manager};
                 the mail with a link is in the inbox.)

  1. Fill in the contact form with any address: the receipt page follows both mails until they are delivered.
  2. Do it again as hardbounce@example.com, and see a mail fail, and who is told.
     Others to try: mailboxfull@, deferred@, late-bounce@, silent@, refuse@, timeout@ example.com.
  3. On the sample site's home page, switch the mail service's webhook off, and see what cannot be known without it.

  Everything is kept in {data}. Ctrl-C stops it.
"""


def serve_demo(port: int) -> None:
    """Serve the demo at `port` with the inbox one higher, until Ctrl-C (0: any two free ones).

    Raises ConfigError: if a port is taken.
    """
    log_to_stderr(os.environ.get("TODOKE_LOG", "ERROR"))
    with listen(HOST, port) as door, listen(HOST, port and port + 1) as inbox:
        settings = demo_settings(_origin(door), _origin(inbox))
        switch = WebhookSwitch(settings.data / "webhook")
        app = build_to_serve(settings, address=_origin(door))
        app = dataclasses.replace(app, mailer=SwitchedMailer(app.mailer, switch))
        servers = _servers(app, switch, door, inbox)
        run_servers(servers, ready=lambda: _welcome(app))
    end = loss_of(app.store) or f"What you sent is kept in {_data()}."
    sys.stderr.write(f"\nGoodbye. {end}\n")


def demo_settings(door_url: str, inbox_url: str) -> Settings:
    """The demo's settings: todoke.toml, at the addresses that this start has."""
    data = _data()
    placeholder = "0" * 32
    settings = read(
        HERE / "todoke.toml",
        {
            "TODOKE_DATA": str(data),
            "TODOKE_CMC_API_KEY": "sandbox-takes-any-key",
            "TODOKE_CMC_HOOK_SECRET": placeholder,
            **{name: value for name, value in os.environ.items() if name == "TZ"},
        },
    )
    hook_secret = hmac.digest(settings.secret, b"demo hook", "sha256").hex()[:32]
    service = msgspec.structs.replace(
        settings.mail.own_as(CustomersMailCloudSettings),
        url=inbox_url,
        records_url=inbox_url,
        hook_secret=Secret(hook_secret),
    )
    return dataclasses.replace(
        settings,
        site=dataclasses.replace(
            settings.site, url=door_url, door_url=door_url, origins=(door_url,)
        ),
        mail=dataclasses.replace(settings.mail, own=service),
        forms={
            name: dataclasses.replace(
                form,
                page_url=form.page_url.replace(origin_of(form.page_url), door_url),
                redirect=form.redirect.replace(settings.site.url, door_url),
            )
            for name, form in settings.forms.items()
        },
    )


def _servers(
    app: App, switch: WebhookSwitch, door: socket.socket, inbox: socket.socket
) -> list[Server]:
    """todoke first, so that at the end it can still hand over what it is about to."""
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    from mail_cloud_sandbox.app import build as build_sandbox
    from todoke.demo import home
    from todoke.server.asgi import application

    cloud = app.settings.mail.own_as(CustomersMailCloudSettings)
    hook = own_url(
        app.settings.site.door_url,
        f"/hooks/{app.settings.mail.service}/{cloud.hook_secret.reveal()}",
    )
    site = Mount("/", StaticFiles(directory=HERE / "site", html=True))
    return [
        Server(
            application(app, extra_routes=[*home.routes(switch, app.settings.site.door_url), site]),
            door,
            tally=app.tally,
        ),
        Server(
            build_sandbox(
                app.settings.data / "sandbox", webhook_url=hook, webhook_enabled=switch.is_on
            ),
            inbox,
        ),
    ]


def _welcome(app: App) -> None:
    from todoke.web.desk.enter import entry_link

    settings = app.settings
    data = settings.data
    text = _WELCOME.format(
        site=settings.site.door_url,
        inbox=settings.mail.own_as(CustomersMailCloudSettings).url,
        desk=entry_link(app),
        command=own_command(data=data, words="desk"),
        manager=settings.forms["contact"].managers.fixed[0],
        data=shown(data, Path.cwd()),
    )
    for loose in loose_files(data):
        text += f"\n  Attention: {loose}.\n  {loose.mend}\n"
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _origin(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"


def _data() -> Path:
    return Path(os.environ.get("TODOKE_DATA") or DEFAULT_DATA).absolute()

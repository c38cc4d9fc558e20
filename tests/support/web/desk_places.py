"""The office of the desk's stories, filled and served: on one machine with SQLite, and on the emulated AWS."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mail_cloud_sandbox.app import build as build_sandbox
from support.aws.emulators import Emulator, client_of
from support.aws.pour import Noted
from support.aws.site import (
    HOOK_SECRET,
    PAGE,
    SECRETS,
    Cloud,
    configuration_on_sandbox,
    door_by_path,
    put_secrets,
)
from support.aws.stack import deploy, ministack, package
from support.run.serving import free_port
from support.web.desk_story import OTHER_FORM, Place, fill
from support.web.local_server import serving
from support.web.provider import CLIENT, SECRET, Provider
from todoke.configuration import read
from todoke.server.asgi import application
from todoke.stores.dynamodb.store import DynamoStore
from todoke.walk.app import utc_now
from todoke.wiring import build

NUMBER = 2_000
_PROVIDER = """
[desk.oidc]
issuer = "{url}"
client_id = "{client}"
name = "Garden login"
"""


@contextlib.contextmanager
def on_one_machine(folder: Path) -> Iterator[Place]:
    """SQLite."""
    door, sandbox = free_port(), free_port()
    urls = [f"http://127.0.0.1:{port}" for port in (door, sandbox)]
    text = configuration_on_sandbox(urls[1], site=urls[0]) + OTHER_FORM
    text = text.replace("[site]", f'[site]\ndoor_url = "{urls[0]}"')
    (folder / "site").mkdir()
    (folder / "site" / "contact.html").write_bytes(PAGE)
    (folder / "todoke.toml").write_text(text)
    environ = SECRETS | {"TODOKE_DATA": str(folder / "data")}
    app = build(read(folder / "todoke.toml", environ))
    found = fill(app.store, app.settings.secret, NUMBER)
    hook = f"{urls[0]}/hooks/customers-mail-cloud/{HOOK_SECRET}"
    mail = build_sandbox(folder / "sandbox", webhook_url=hook, pace_seconds=0.1)
    with serving(mail, sandbox), serving(application(app), door):
        total = f"{NUMBER:,}"
        yield Place(folder, urls[0], urls[1], found, total, looks_back=False, seconds=60)


@contextlib.contextmanager
def on_aws(folder: Path) -> Iterator[Place]:
    """The real template on ministack, with an OpenID provider. Of what the table is filled with nothing is due."""
    sandbox, other = free_port(), free_port()
    provider = Provider(f"http://127.0.0.1:{other}", {})
    urls = [f"http://127.0.0.1:{port}" for port in (sandbox, other)]
    with ministack(folder) as aws:
        put_secrets(aws, SECRETS | {"TODOKE_OIDC_SECRET": SECRET})
        text = configuration_on_sandbox(urls[0], site=aws.url) + OTHER_FORM
        text += _PROVIDER.format(url=provider.url, client=CLIENT)
        files = {"todoke.toml": text.encode(), "site/contact.html": PAGE}
        outputs = deploy(
            aws, package(files, identity=True), RefusedPercent="0", RequestsExpected="0"
        )
        secret, noted = bytes.fromhex(SECRETS["TODOKE_SECRET"]), Noted()
        store = DynamoStore(outputs["TableName"], secret=secret, clock=utc_now, client=noted)
        found = fill(store, secret, NUMBER)
        store.close()
        noted.pour(client_of(Emulator(aws.url)), outputs["TableName"])
        hook = f"{door_by_path(aws, outputs)}/hooks/customers-mail-cloud/{HOOK_SECRET}"
        mail = build_sandbox(folder / "sandbox", webhook_url=hook, pace_seconds=0.1)
        with serving(mail, sandbox), serving(provider.app(), other):
            Cloud(aws, outputs).invoke("Sweep", {})  # as every five minutes: all of it is done
            yield Place(
                folder,
                outputs["DoorUrl"],
                urls[0],
                found,
                "99+",
                looks_back=True,
                seconds=90,
                provider=provider,
                aws=aws,
            )

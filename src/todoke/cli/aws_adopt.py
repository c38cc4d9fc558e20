"""`todoke aws adopt`: a restored table becomes the stack's, step by step, each shown before it is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from stack_review.plan import Plan
from stack_review.session import Aws
from todoke.aws.deploy.adopt import (
    Adoption,
    adoption_of,
    drop,
    is_done,
    is_imported,
    leaving,
    taking,
    telling,
)
from todoke.aws.deploy.execute import DeployFailed, execute
from todoke.aws.deploy.restored import missing_settings, require_same_shape, table_of
from todoke.aws.deploy.secrets import secrets_path
from todoke.cli.aws_plan import print_review
from todoke.cli.aws_progress import Progress
from todoke.cli.output import erasure_line
from todoke.model import ids
from todoke.model.act import Deed
from todoke.model.erased import Erased
from todoke.model.errors import ConfigError, NotFound
from todoke.model.log import log_to_stderr
from todoke.ports.archive import Query
from todoke.services.table import TOKENED
from todoke.stores.dynamodb.s3_bucket import S3Bucket
from todoke.stores.dynamodb.store import DynamoStore
from todoke.toml.secrets import decode_secret
from todoke.walk.app import utc_now
from todoke.walk.erase import again, meant_again
from todoke.walk.note import note_command
from todoke.walk.past import Past, unmatched

NO_TABLE = "none"
_LOOKED_AT = 50


@dataclass(frozen=True)
class AdoptionWishes:
    """What the person asked for. `erasures_from` is the table with the list of erasures, "" for the stack's own,
    NO_TABLE for none; `with_erased` are those that count for nothing; `yes` answers each question."""

    erasures_from: str = ""
    with_erased: tuple[str, ...] = ()
    bucket: str = ""
    yes: bool = False
    as_json: bool = False


def adopt(aws: Aws, restored: str, stack: str, wishes: AdoptionWishes) -> int:
    """Let the stack take the table; 1 when the person stopped it, or a step failed. To do it again goes on.

    Raises ConfigError, before anything is done: if anything would be at risk.
    """
    log_to_stderr(os.environ.get("TODOKE_LOG", "WARNING"))
    say = Progress(wishes.as_json)
    adoption = adoption_of(aws, stack, restored)
    if is_done(adoption):
        say.line(f"{restored} is the table of {stack}. There is nothing to do.")
        return 0
    _require_paused(adoption)
    require_same_shape(table_of(aws.client("dynamodb"), restored), adoption.properties)
    secret = _secret(adoption)
    say.line(
        f"{restored} is to take the place of {adoption.old} in {stack}: 1. whoever was erased is erased again; "
        "2. it gets the settings of the template; 3. the old table leaves the stack, and stays; 4. the new one is "
        "imported; 5. the functions are told of it. Each is shown before it is done; to begin again goes on."
    )
    steps: tuple[Callable[[], bool], ...] = (
        partial(_erase, aws, adoption, secret, wishes, say),
        partial(_set, aws, adoption, wishes, say),
        partial(_leave, aws, adoption, wishes, say),
        partial(_take, aws, adoption, wishes, say),
        partial(_tell, aws, adoption, wishes, say),
    )
    try:
        if not all(step() for step in steps):
            say.line("Stopped. The same command goes on from here.")
            return 1
    except DeployFailed as error:
        say.complain(error)
        return 1
    _conclude(adoption, say)
    return 0


def _require_paused(adoption: Adoption) -> None:
    if adoption.parameters.get("Paused") == "yes":
        return
    raise ConfigError(
        f"The stack {adoption.stack} takes forms and hands over mails: what it did meanwhile would be lost. Stop it "
        f"first: {_deploy_paused(adoption.stack, 'yes')} --no-canary"
    )


def _deploy_paused(stack: str, word: str) -> str:
    put = f"""echo '{{"Paused": "{word}"}}' > paused.json"""
    return f"{put}; todoke aws deploy --stack {stack} --parameters paused.json"


def _secret(adoption: Adoption) -> bytes:
    path = secrets_path(adoption.parameters)
    secret = decode_secret(os.environ.get("TODOKE_SECRET", ""))
    if secret is None:
        raise ConfigError(
            "TODOKE_SECRET is missing, without which nobody knows whom an erasure meant. It is what "
            f"aws ssm get-parameter --with-decryption --name {path}/TODOKE_SECRET --query Parameter.Value tells."
        )
    return secret


def _erase(
    aws: Aws, adoption: Adoption, secret: bytes, wishes: AdoptionWishes, say: Progress
) -> bool:
    """The list of erasures is copied, and done again."""
    say.line("1. Erasures")
    new = _store(aws, adoption, adoption.restored, secret)
    try:
        _require_secret_of(new, secret, adoption)
        listed = _list_of(aws, adoption, secret, wishes)
        if unknown := unmatched(wishes.with_erased, listed):
            raise ConfigError(f"--with-erased {unknown[0]} names no erasure that is remembered.")
        past = Past((*listed, *new.erased(utc_now())), secret, wishes.with_erased)
        for one in past.counting:
            say.line(f"  {erasure_line(one)}")
        count = meant_again(new, past)
        say.line(
            f"  {len(past.counting)} erasures are remembered; what they took and came back: {count:,}"
        )
        if past.counting and not _agreed("Erase them?", wishes):
            return False
        new.remember_erased(past.counting)
        count = again(new, past)
        detail = f"{count:,} of a backup"
        note_command(new, Deed.ERASED, detail=detail, submissions=count, of="backup")
    finally:
        new.close()
    return True


def _list_of(
    aws: Aws, adoption: Adoption, secret: bytes, wishes: AdoptionWishes
) -> tuple[Erased, ...]:
    source = wishes.erasures_from or adoption.old
    if source == NO_TABLE:
        return ()
    try:
        table_of(aws.client("dynamodb"), source)
    except NotFound as error:
        raise ConfigError(
            f"{error} It had the list of who was erased. Of a deleted table DynamoDB keeps a last backup for 35 days "
            f"(aws dynamodb list-backups --table-name {source} --backup-type SYSTEM): restore that, and name the table "
            f"by --erasures-from. With --erasures-from {NO_TABLE} whoever was erased comes back."
        ) from error
    old = _store(aws, adoption, source, secret)
    try:
        return tuple(old.erased(utc_now()))
    finally:
        old.close()


def _store(aws: Aws, adoption: Adoption, name: str, secret: bytes) -> DynamoStore:
    bucket = adoption.outputs.get("UploadsBucket", "")
    return DynamoStore(
        name,
        secret=secret,
        clock=utc_now,
        tokened=TOKENED,
        bucket=S3Bucket(bucket, lambda: aws.client("s3")) if bucket else None,
        client=aws.client("dynamodb"),
    )


def _require_secret_of(store: DynamoStore, secret: bytes, adoption: Adoption) -> None:
    """Some receipts' links must be those that the secret makes."""
    seen = [t.submission for t in store.page(Query(limit=_LOOKED_AT)).timelines]
    if seen and not any(
        s.token_hash == ids.receipt_hash(ids.receipt_token(secret, s.id)) for s in seen
    ):
        raise ConfigError(
            f"TODOKE_SECRET is not the secret of {adoption.restored}: no link in it was made with it. Nothing was done."
        )


def _set(aws: Aws, adoption: Adoption, wishes: AdoptionWishes, say: Progress) -> bool:
    """What the restored table lacks of the template's."""
    client = aws.client("dynamodb")
    table = table_of(client, adoption.restored)
    missing = list(missing_settings(client, table, adoption.properties))
    say.line("2. Settings")
    if not missing:
        say.line("  It lacks none.")
        return True
    for setting in missing:
        say.line(f"  {adoption.restored} gets {setting.words}.")
    if not _agreed("Set them?", wishes):
        return False
    for setting in missing:
        setting.put()
    return True


def _leave(aws: Aws, adoption: Adoption, wishes: AdoptionWishes, say: Progress) -> bool:
    """The old table leaves the stack."""
    if adoption.now is not None:
        return True
    say.line(
        f"3. {adoption.old} leaves {adoption.stack}. It stays as it is; what reads its stream goes."
    )
    with leaving(aws, adoption, wishes.bucket) as plan:
        return _executed(aws, adoption, plan, wishes, say)


def _take(aws: Aws, adoption: Adoption, wishes: AdoptionWishes, say: Progress) -> bool:
    """The restored table is imported."""
    if is_imported(aws, adoption.stack):
        return True
    say.line(
        f"4. {adoption.stack} imports {adoption.restored} as its {adoption.resource}; nothing else changes."
    )
    change_set = taking(aws, adoption, wishes.bucket)
    if not _agreed("Import it?", wishes):
        drop(aws, change_set)
        return False
    say.events(execute(aws.client("cloudformation"), change_set, adoption.stack, creates=False))
    return True


def _tell(aws: Aws, adoption: Adoption, wishes: AdoptionWishes, say: Progress) -> bool:
    """The functions, their rights and the stream's reader get the new table."""
    say.line(f"5. Everything in {adoption.stack} is told of {adoption.restored}. It stays paused.")
    with telling(aws, adoption, wishes.bucket) as plan:
        return _executed(aws, adoption, plan, wishes, say)


def _executed(
    aws: Aws, adoption: Adoption, plan: Plan, wishes: AdoptionWishes, say: Progress
) -> bool:
    print_review(plan.review, as_json=wishes.as_json)
    if not _agreed("Do it?", wishes):
        return False
    client = aws.client("cloudformation")
    say.events(execute(client, plan.change_set, adoption.stack, creates=False))
    return True


def _agreed(question: str, wishes: AdoptionWishes) -> bool:
    if wishes.yes:
        return True
    if not sys.stdin.isatty():
        raise ConfigError(
            "Nobody is there to agree: add --yes to do every step. This one was not done."
        )
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _conclude(adoption: Adoption, say: Progress) -> None:
    stack, old, new = adoption.stack, adoption.old, adoption.restored
    say.line(f"{new} is the table of {stack} now, which is still paused.")
    say.line(f"What {old} took after the moment that was restored is only there. To bring it over:")
    say.line(f"  export TODOKE_DOOR_URL={adoption.outputs.get('DoorUrl', '')} # and TODOKE_SECRET")
    say.line(
        f"  TODOKE_TABLE={old} todoke export --format backup | TODOKE_TABLE={new} todoke import -"
    )
    say.line(f"To go on: {_deploy_paused(stack, 'no')} --canary YOUR-ADDRESS")
    say.line(
        f"{old} stays until you delete it. Its recovery points hold who was erased, until they end."
    )

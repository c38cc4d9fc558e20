"""`todoke aws adopt` with the real template on ministack: a restored table becomes the stack's."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stack_review.template import document
from support.aws.site import PAGE, configuration_on_sandbox
from support.aws.stack import REGION, Ministack, deploy, ministack, outputs, package, update
from support.run.serving import TODOKE
from support.store.desk import SECRET, Desk
from todoke.aws.deploy.detach import between
from todoke.model.address import Address
from todoke.stores.dynamodb.store import DynamoStore
from todoke.walk.app import utc_now
from todoke.walk.erase import erase

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

RESTORED = "forms-restored"
GONE, STAYS, LATE = (Address(f"{name}@visitor.example") for name in ("gone", "stays", "late"))


@dataclass
class Site:
    """A stack on the emulated AWS that was paused, and its commands."""

    cloud: Ministack
    folder: Path
    old: str

    def store(self, name: str) -> DynamoStore:
        """One of its tables."""
        return DynamoStore(name, secret=SECRET, clock=utc_now, client=self.cloud.client("dynamodb"))

    def visitors(self, name: str) -> list[str]:
        """Who is in a table."""
        return sorted(str(kept.submission.visitor) for kept in self.store(name).walk())

    def environ(self, **more: str) -> dict[str, str]:
        """What a command is told."""
        known = {
            "AWS_ENDPOINT_URL": self.cloud.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "TODOKE_SECRET": SECRET.hex(),
            "TODOKE_DOOR_URL": "https://forms.hoshino-paper.example",
        }
        return os.environ | known | more

    def run(
        self, *words: str, given: bytes = b"", **environ: str
    ) -> subprocess.CompletedProcess[bytes]:
        """A command."""
        return subprocess.run(
            [str(TODOKE), *words],
            cwd=self.folder,
            env=self.environ(**environ),
            input=given,
            capture_output=True,
            check=False,
        )

    def adopt_at_a_terminal(self, answers: bytes) -> tuple[int, str]:
        """`todoke aws adopt` by a person who types this."""
        ours, theirs = pty.openpty()
        os.write(ours, answers)
        try:
            done = subprocess.run(
                [str(TODOKE), "aws", "adopt", RESTORED, "--stack", "forms"],
                cwd=self.folder,
                env=self.environ(),
                stdin=theirs,
                capture_output=True,
                check=False,
            )
        finally:
            os.close(ours)
            os.close(theirs)
        return done.returncode, (done.stdout + done.stderr).decode()

    def adopt(self, *words: str, **environ: str) -> tuple[int, str]:
        """`todoke aws adopt`; its exit code and all that it said."""
        done = self.run("aws", "adopt", RESTORED, "--stack", "forms", *words, **environ)
        return done.returncode, (done.stdout + done.stderr).decode()

    def template(self) -> Any:
        """What CloudFormation has."""
        told = self.cloud.client("cloudformation").get_template(StackName="forms")["TemplateBody"]
        return told if isinstance(told, str) else json.dumps(told)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two persons, a copy of the table as it was then, and what happened since: one erased, one new."""
    folder = tmp_path_factory.mktemp("site")
    with ministack(folder) as cloud:
        toml = configuration_on_sandbox("http://127.0.0.1:1").encode()
        (folder / "site").mkdir()
        (folder / "site" / "contact.html").write_bytes(PAGE)
        (folder / "todoke.toml").write_bytes(toml)
        content = package({"todoke.toml": toml, "site/contact.html": PAGE})
        told = deploy(cloud, content, SiteDelivery="none", LargeUploads="no")
        made = Site(cloud, folder, told["TableName"])
        desk = Desk(made.store(made.old), now=utc_now())
        for visitor in (GONE, STAYS):
            desk.move(seconds=1)
            desk.store.add(desk.submission(visitor=visitor), (), None).result()
        cloud.client("dynamodb").restore_table_to_point_in_time(
            SourceTableName=made.old, TargetTableName=RESTORED, UseLatestRestorableTime=True
        )
        desk.move(seconds=1)
        assert erase(desk.store, SECRET, desk.now, address="GONE@visitor.example") == 1
        desk.store.add(desk.submission(visitor=LATE), (), None).result()
        yield made


def test_what_is_at_risk_is_refused(site: Site) -> None:
    """A stack that runs; no secret, or another's; a table that is none of its, or is not there: nothing is done."""
    before = site.template()
    assert site.adopt("--yes")[0] == 2
    assert '"Paused": "yes"' in site.adopt("--yes")[1]
    update(site.cloud, "forms", Paused="yes")
    for words, environ, told in (
        ([], {"TODOKE_SECRET": ""}, "TODOKE_SECRET is missing"),
        ([], {"TODOKE_SECRET": "ab" * 32}, "is not the secret of"),
        (["--erasures-from", "nowhere"], {}, "--backup-type SYSTEM"),
        (["--with-erased", "0123456"], {}, "names no erasure"),
    ):
        code, said = site.adopt("--yes", *words, **environ)
        assert (code, told in said) == (2, True), said
    client = site.cloud.client("dynamodb")
    client.create_table(
        TableName="another",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )
    other = site.run("aws", "adopt", "another", "--stack", "forms", "--yes")
    assert (other.returncode, b"has other keys" in other.stderr) == (2, True)
    absent = site.run("aws", "adopt", "absent", "--stack", "forms", "--yes")
    assert (absent.returncode, b"There is no table absent" in absent.stderr) == (1, True)
    assert site.visitors(RESTORED) == [GONE, STAYS]
    assert site.template() == before


def test_nobody_is_asked_and_nothing_is_done(site: Site) -> None:
    """Without a terminal and without --yes it shows the first step and ends."""
    code, said = site.adopt()
    assert code == 2
    assert "1 erasures are remembered; what they took and came back: 1" in said
    assert "Nobody is there to agree" in said
    assert GONE not in said
    assert site.visitors(RESTORED) == [GONE, STAYS]


def test_it_can_be_stopped_and_goes_on_until_the_table_is_the_stack_s(site: Site) -> None:
    """With its settings and without who was erased; all that names a table names it, the old one stays as it was."""
    before = site.template()
    code, said = site.adopt_at_a_terminal(b"y\ny\nyes\n\n")
    assert code == 1, said
    assert "Stopped" in said
    assert outputs(site.cloud, "forms")["TableName"] == site.old
    told = between(site.template())
    assert told is not None
    assert not told.is_imported
    code, said = site.adopt("--yes")
    assert code == 0, said
    assert "what they took and came back: 0" in said
    assert "It lacks none." in said
    assert outputs(site.cloud, "forms")["TableName"] == RESTORED
    assert document(site.template(), "now") == document(before, "before")
    assert site.visitors(RESTORED) == [STAYS]
    assert len(site.store(RESTORED).erased(utc_now())) == 1
    assert site.visitors(site.old) == [LATE, STAYS]
    dynamodb, functions = site.cloud.client("dynamodb"), site.cloud.client("lambda")
    table = dynamodb.describe_table(TableName=RESTORED)["Table"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert table["DeletionProtectionEnabled"]
    expiry = dynamodb.describe_time_to_live(TableName=RESTORED)["TimeToLiveDescription"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "e")
    recovery = dynamodb.describe_continuous_backups(TableName=RESTORED)
    assert (
        recovery["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"][
            "PointInTimeRecoveryStatus"
        ]
        == "ENABLED"
    )
    tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert {"Key": "application", "Value": "todoke"} in tags
    streams = {
        m["EventSourceArn"] for m in functions.list_event_source_mappings()["EventSourceMappings"]
    }
    assert table["LatestStreamArn"] in streams
    assert not any(f"table/{site.old}/" in arn for arn in streams)
    named = [
        f["Environment"]["Variables"].get("TODOKE_TABLE")
        for f in functions.list_functions()["Functions"]
    ]
    assert [name for name in named if name] == [RESTORED] * 3
    stacks = site.cloud.client("cloudformation")
    left = stacks.list_change_sets(StackName="forms")["Summaries"]
    assert [c for c in left if c["ExecutionStatus"] == "AVAILABLE"] == []
    assert dynamodb.describe_table(TableName=site.old)["Table"]["DeletionProtectionEnabled"]


def test_to_do_it_again_does_nothing(site: Site) -> None:
    """It says so."""
    assert site.adopt() == (0, f"{RESTORED} is the table of forms. There is nothing to do.\n")


def test_what_came_after_the_moment_is_brought_over(site: Site) -> None:
    """By the commands that it named; who was erased is not among them."""
    written = site.run("export", "--format", "backup", TODOKE_TABLE=site.old)
    assert written.returncode == 0, written.stderr
    told = site.run("import", "-", "--json", given=written.stdout, TODOKE_TABLE=RESTORED)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["new"] == 1
    assert site.visitors(RESTORED) == [LATE, STAYS]

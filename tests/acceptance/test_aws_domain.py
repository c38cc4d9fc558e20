"""A domain of one's own for the door: the template and `web` on ministack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import urllib3
from botocore.exceptions import ClientError

from support.aws.site import PAGE, SECRETS, STACK, Cloud, configuration_on_sandbox, put_secrets
from support.aws.stack import deploy, ministack, outputs, package, update

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

DOMAIN = "forms.example.com"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A stack with a domain in a zone of Route 53."""
    with ministack(tmp_path_factory.mktemp("domain")) as aws:
        put_secrets(aws, SECRETS)
        zone = aws.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
        certificate = aws.client("acm").request_certificate(DomainName=DOMAIN)["CertificateArn"]
        text = configuration_on_sandbox("http://127.0.0.1:9")
        told = deploy(
            aws,
            package({"todoke.toml": text.encode(), "site/contact.html": PAGE}),
            SiteDelivery="none",
            DoorDomain=DOMAIN,
            DoorCertificateArn=certificate,
            DoorZoneId=zone["HostedZone"]["Id"].rpartition("/")[2],
            AlarmAddress="a@example.com",
            RefusedPercent="0",  # with RequestsExpected: ministack has no metric math
            RequestsExpected="0",
        )
        yield Cloud(aws, told)


def status(cloud: Cloud, **headers: str) -> int:
    """What the door answers to a request for its own domain."""
    sent = {"host": DOMAIN, **{n.replace("_", "-"): value for n, value in headers.items()}}
    url = f"{cloud.aws.url}/healthz"
    return urllib3.request("GET", url, headers=sent, timeout=60, retries=False).status


def test_the_domain_leads_to_the_door(cloud: Cloud) -> None:
    """The name in the zone is API Gateway's for the domain, and the functions write links with it."""
    assert cloud.outputs["DoorUrl"] == f"https://{DOMAIN}"
    client = cloud.aws.client("route53")
    [zone] = client.list_hosted_zones()["HostedZones"]
    records = client.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    ours = {r["Type"]: r["AliasTarget"] for r in records if r["Name"] == f"{DOMAIN}."}
    assert ours.keys() == {"A", "AAAA"}
    for alias in ours.values():
        assert alias["DNSName"].rstrip(".") == cloud.outputs["DoorTarget"]
    assert status(cloud) == 200


@pytest.mark.parametrize(
    "values",
    [
        {"ApiAddress": "closed", "DoorDomain": "", "DoorZoneId": ""},
        {"DoorCertificateArn": ""},
        {"BehindCloudFront": "yes", "DoorUrl": ""},
        {"MonthlyBudget": "25", "AlarmAddress": ""},
        {"MonthlyBudget": "25", "AlarmProtocol": "https"},
    ],
    ids=str,
)
def test_parameters_that_do_not_fit_are_refused_before_anything_is_done(
    cloud: Cloud, values: dict[str, str]
) -> None:
    """Each would leave a door that nobody reaches, or a budget that tells nobody."""
    with pytest.raises(ClientError, match="ValidationError"):
        update(cloud.aws, STACK, **values)


def test_api_gateway_s_own_address_is_closed_when_it_is_asked_for(cloud: Cloud) -> None:
    """As a step of its own, after the domain's."""
    api = cloud.outputs["ApiEndpoint"].partition("//")[2].partition(".")[0]
    client = cloud.aws.client("apigatewayv2")
    assert client.get_api(ApiId=api)["DisableExecuteApiEndpoint"] is False
    update(cloud.aws, STACK, ApiAddress="closed")
    assert client.get_api(ApiId=api)["DisableExecuteApiEndpoint"] is True
    assert outputs(cloud.aws, STACK)["DoorTarget"] == cloud.outputs["DoorTarget"]

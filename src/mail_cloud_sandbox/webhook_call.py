"""A call of the webhook as bytes: both encodings, both versions, and how it proves where it is from. Pure."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from mail_cloud_sandbox.behaviour import Behaviour

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

VERSION_1 = {"returnPath": "envelopeFrom", "to": "envelopeTo"}
"""What version 1 calls the properties of version 2; it has no `from` and no `apiData`."""
_NOT_IN_VERSION_1 = frozenset({"from", "apiData"})


def headers(behaviour: Behaviour) -> Mapping[str, str]:
    """The header fields of a call, without the length."""
    fields = {
        "Content-Type": JSON if behaviour.webhook_json else FORM,
        "User-Agent": "mail-cloud-sandbox",
        "Connection": "Keep-Alive",
        "Accept-Encoding": "gzip, deflate",
    }
    if behaviour.webhook_basic:
        proof = b64encode(behaviour.webhook_basic.encode()).decode()
        fields["Authorization"] = f"Basic {proof}"
    elif behaviour.webhook_bearer:
        fields["Authorization"] = f"Bearer {behaviour.webhook_bearer}"
    return fields


def body(behaviour: Behaviour, event_type: str, items: Sequence[str]) -> bytes:
    """The body of a call with these JSON objects, which are written as version 2 has them."""
    if behaviour.webhook_version == 1:
        items = [_as_version_1(item) for item in items]
    event = f'{{"{event_type}":[{",".join(items)}]}}'
    parameters = {
        "server_composition": behaviour.server_composition,
        "event_type": event_type,
    }
    if behaviour.webhook_key:
        parameters = {"api_key": behaviour.webhook_key, **parameters}
    if behaviour.webhook_json:
        head = json.dumps(parameters, ensure_ascii=False, separators=(",", ":"))
        return f'{head[:-1]},"event":{event}}}'.encode()
    return urlencode({**parameters, "event": event}).encode()


def escaped(value: Mapping[str, str]) -> str:
    r"""JSON as the webhook writes it: compact, `<` and `>` as \u003C and \u003E."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003C").replace(">", "\\u003E")


def _as_version_1(item: str) -> str:
    properties = json.loads(item)
    return escaped({
        VERSION_1.get(name, name): value
        for name, value in properties.items()
        if name not in _NOT_IN_VERSION_1
    })  # fmt: skip

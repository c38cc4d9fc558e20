"""The EventSource port, held against every event source and the fake (support/mail/event_sources.py has the table)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.mail.event_sources import AT, KINDS, NOW, SERVICES, Fact, Service
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.errors import Forged, Malformed, Unverifiable
from todoke.ports.events import HookRequest

TOKENS = st.text("0123456789abcdefghijklmnopqrstuv", min_size=26, max_size=26)
FACTS = st.lists(
    st.builds(
        Fact,
        kind=st.sampled_from(KINDS),
        token=TOKENS,
        recipient=st.sampled_from(["aoi@example.net", "b.c+d@example.org"]),
        at=st.integers(0, 10_000_000).map(lambda seconds: AT - timedelta(seconds=seconds)),
    ),
    min_size=1,
    max_size=5,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda some: (
        st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=12), some, max_size=4)
    ),
    max_leaves=12,
)
WORDS = """event event_type deliveries bounces status created apiData to reason messageId eventType mail bounce
bouncedRecipients destination tags headers timestamp kind at token recipient"""
NAMES = st.sampled_from(WORDS.split())
LIKELY = st.recursive(
    st.text(max_size=12) | st.integers() | st.just("0001-01-01T00:00:00+23:59"),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(NAMES, some, max_size=5),
    max_leaves=16,
)
BYTES = (
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | LIKELY.map(lambda value: json.dumps(value).encode())
)
quick = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(params=sorted(SERVICES))
def service(request: pytest.FixtureRequest) -> Service:
    """Each service."""
    return SERVICES[request.param]()


def read(service: Service, calls: Sequence[HookRequest]) -> list[DeliveryEvent]:
    """The events in these calls."""
    return [event for call in calls for event in service.source.read(call, NOW)]


def told(service: Service, call: HookRequest) -> Sequence[DeliveryEvent]:
    """What a call of whatever content tells; nothing, where it may be refused."""
    try:
        return service.source.read(call, NOW)
    except (Forged, Malformed, Unverifiable):
        return ()


def require_sound(service: Service, events: Sequence[DeliveryEvent]) -> None:
    """What holds of every event, whatever it was read from."""
    for event in events:
        assert event.service == service.source.name
        assert event.received_at == NOW
        assert event.at.utcoffset() == event.received_at.utcoffset() == timedelta()
        assert event.key


def test_it_bears_the_name_of_its_service() -> None:
    """The table's names are those that attempts, hooks and events are kept under."""
    assert {name: make().source.name for name, make in SERVICES.items()} == {
        name: name for name in SERVICES
    }


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_told_is_read(service: Service, kind: Kind) -> None:
    """Of whom, of which attempt, when, and what became of it."""
    if kind not in service.kinds:
        pytest.skip("the service has no word for it")
    (event,) = read(service, service.calls([Fact(kind)]))
    wanted = Fact(kind)
    assert (event.kind, event.token, event.recipient) == (kind, wanted.token, wanted.recipient)
    assert event.at == AT
    require_sound(service, [event])


@quick
@given(facts=FACTS)
def test_every_fact_of_every_call_is_read_in_order(service: Service, facts: list[Fact]) -> None:
    """However many are told at once."""
    facts = [fact for fact in facts if fact.kind in service.kinds]
    events = read(service, service.calls(facts))
    assert [Fact(e.kind, e.token, e.recipient, e.at) for e in events] == facts
    require_sound(service, events)


def test_the_evidence_is_kept(service: Service) -> None:
    """Byte for byte what the service said of it, in which all that was read can be found again."""
    facts = [Fact(Kind.DELIVERED), Fact(Kind.DELIVERED, token="x" * 26)]
    for fact, event in zip(facts, read(service, service.calls(facts)), strict=True):
        assert isinstance(json.loads(event.raw), dict)
        assert fact.token.encode() in event.raw
        assert fact.recipient.encode() in event.raw


def test_a_new_word_is_kept_and_changes_nothing(service: Service) -> None:
    """A service may say tomorrow what nobody has heard of: it is an event of its own kind, with its evidence."""
    (event,) = service.source.read(service.new_word(), NOW)
    assert event.kind is Kind.OTHER
    assert b"rozen" in event.raw
    require_sound(service, [event])


def test_read_again_it_is_the_same(service: Service) -> None:
    """A repetition has the keys of the first telling, whenever it comes; different facts have different ones."""
    facts = [Fact(kind) for kind in service.kinds]
    calls = service.calls(facts)
    first = read(service, calls)
    later = NOW + timedelta(minutes=5)
    again = [event for call in calls for event in service.source.read(call, later)]
    assert [e.key for e in first] == [e.key for e in again]
    assert {e.received_at for e in again} == {later}
    assert len({e.key for e in first}) == len(service.kinds)


def test_another_instance_reads_the_same(service: Service) -> None:
    """Nothing that was read before decides what is read: any process may get any call."""
    calls = service.calls([Fact(Kind.BOUNCED)])
    other = SERVICES[service.source.name]()
    assert [e.key for e in read(service, calls)] == [e.key for e in read(other, calls)]


def test_many_threads_read_at_once(service: Service) -> None:
    """Calls come in several threads."""
    calls = list(service.calls([Fact(kind) for kind in service.kinds])) * 8
    with ThreadPoolExecutor(8) as pool:
        events = list(pool.map(lambda call: service.source.read(call, NOW), calls))
    assert [[e.key for e in some] for some in events] == [
        [e.key for e in service.source.read(call, NOW)] for call in calls
    ]


def test_a_forged_call_is_forged_and_nothing_else(service: Service) -> None:
    """Whoever does not prove to be the service is told so, and no event comes of it."""
    for name, call in service.forgeries().items():
        with pytest.raises(Forged):
            pytest.fail(f"{name}: {service.source.read(call, NOW)}")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"\x00" * 9],
    ids=["empty", "null", "cut", "no text", "deep", "deeper", "zeros"],
)
def test_what_cannot_be_read_is_malformed(service: Service, body: bytes) -> None:
    """Not a list, not text, too deep: Malformed, whatever else it is."""
    with pytest.raises(Malformed):
        service.source.read(service.proven(body), NOW)


@quick
@given(body=BYTES)
def test_any_bytes_are_read_or_refused(service: Service, body: bytes) -> None:
    """No body makes it raise anything but its own errors."""
    require_sound(service, told(service, service.proven(body)))


@quick
@given(content=BYTES)
def test_whatever_the_service_says_is_read_or_refused(service: Service, content: bytes) -> None:
    """Nor does anything that comes with a good proof; and it is the same when it comes again."""
    call = service.around(content)
    events = told(service, call)
    require_sound(service, events)
    assert [e.key for e in events] == [e.key for e in told(service, call)]

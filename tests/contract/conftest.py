"""The stores under the contract. A new adapter joins by one line in STORES."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store_desk import Desk
from todoke.ports import Store
from todoke.stores.sqlite import SqliteStore
from todoke.testing import MemoryStore

STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "todoke.db"),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    """The store with hands to use it."""
    return Desk(store)

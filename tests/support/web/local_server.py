"""Run ASGI applications over real HTTP in a thread of the test, on a free loopback port."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn


@contextlib.contextmanager
def serving(app: Any, port: int = 0, **settings: Any) -> Iterator[str]:
    """Serve `app` with uvicorn and its lifespan; gives its URL, and stops it cleanly."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        config = uvicorn.Config(
            app,
            **{"log_level": "error", "lifespan": "on", "timeout_graceful_shutdown": 5} | settings,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            wait_for(lambda: server.started or not thread.is_alive())
            assert server.started, "the application did not start"
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not stop"


def wait_for(found: Callable[[], object], seconds: float = 20) -> Any:
    """Ask until `found` gives something true, and return that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"nothing came within {seconds} s")

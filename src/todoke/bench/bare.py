"""An HTTP server that answers 303 to everything and does nothing else: how fast this machine is just now.

    python -m todoke.bench.bare

The same server and event loop as todoke's, without todoke. Prints its port; ends when its input does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_HEADERS = [(b"location", b"/"), (b"content-length", b"0")]


async def answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """303, once the body is there."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 303, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b""})


async def _serve() -> None:
    import uvicorn

    config = uvicorn.Config(
        answer, port=0, http="httptools", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn has no event for it
        await asyncio.sleep(0.01)
    sys.stdout.write(f"{server.servers[0].sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


def main() -> None:
    """Serve until the input ends."""
    import uvloop

    uvloop.run(_serve())


if __name__ == "__main__":
    main()

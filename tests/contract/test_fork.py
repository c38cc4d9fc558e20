"""What holds in a forked child."""

from __future__ import annotations

import os

from todoke.model import ids


def test_a_forked_child_draws_randomness_of_its_own() -> None:
    """Parent and child never hand out the same token."""
    ids.new_attempt_token()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, ids.new_attempt_token().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 64).decode() != ids.new_attempt_token()

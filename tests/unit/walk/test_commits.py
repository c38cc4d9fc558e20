"""How the writer's transactions went."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from todoke.walk.commits import BOUNDS_SECONDS, Commits


@given(st.lists(st.tuples(st.integers(1, 256), st.floats(0, 100)), max_size=50))
def test_every_commit_is_in_the_one_bucket_that_holds_it(commits: list[tuple[int, float]]) -> None:
    """At most its bound, and more than the bound before."""
    seen = Commits()
    for writes, seconds in commits:
        seen.note(writes, seconds)
    assert seen.writes == sum(writes for writes, _ in commits)
    for bound, so_far in zip(BOUNDS_SECONDS, _running(seen.within), strict=False):
        assert so_far == sum(seconds <= bound for _, seconds in commits)
    assert sum(seen.within) == len(commits)


def _running(counts: list[int]) -> list[int]:
    return [sum(counts[: n + 1]) for n in range(len(counts))]

"""Which tests share a process.

A session is what one fresh process does, in order. Tests share one only where the earlier steps
leave the later ones as they would be in a process of their own:

- what comes after `initial_load` needs an open stage anyway;
- `single_property_warm` is by definition what follows a first read, and `repeated_traversal` what
  follows a traversal;
- the point reads each take a column and prims of their own (`scene_requests`), so that no value,
  page or prim of one was touched by another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from usdparquet.bench.catalog import TESTS
from usdparquet.bench.formats import Format


@dataclass(frozen=True)
class Session:
    """What one process measures."""

    name: str
    tests: tuple[str, ...]
    max_runs: int | None = None
    """A limit for tests that show a curve or a rough size, which need few samples."""
    is_uncached: bool = False
    """Whether the files are dropped from the page cache first."""
    is_cumulative: bool = True
    """Whether the memory of a test counts everything since the baseline. Otherwise it is that after
    the load plus what the test itself added, since its neighbours are not part of it."""

    def applies_to(self, entry: Format) -> bool:
        """Whether any of its tests makes sense for the format."""
        own = [test for test in self.tests if test != "initial_load"] or self.tests
        return any(TESTS[test].applies_to(entry) for test in own)

    def runs(self, asked: int) -> int:
        """How many samples are taken."""
        return asked if self.max_runs is None else min(asked, self.max_runs)


SESSIONS: dict[str, Session] = {
    session.name: session
    for session in (
        Session("layer", ("layer_load",)),
        Session("traversal", ("initial_load", "single_property_traversal")),
        Session(
            "multi_traversal", ("initial_load", "multi_property_traversal", "repeated_traversal")
        ),
        Session(
            "point_reads",
            (
                "initial_load",
                "single_property_cold",
                "single_property_warm",
                "multi_property",
                "single_property_sequential",
                "single_property_random",
            ),
            is_cumulative=False,
        ),
        Session("random_access", ("initial_load", "random_access")),
        Session("insert", ("sublayer_insert",)),
        Session("uncached", ("uncached_load", "uncached_traversal"), max_runs=5, is_uncached=True),
        Session("timeline", ("memory_timeline",), max_runs=1),
    )
}
"""The sessions over a scene; every test but `initial_load` is in exactly one."""

TYPE_SESSION = Session("types", ("property_types_load", "property_types"))
"""The session over a file of one kind of property."""

PLAYBACK_SESSION = Session("playback", ("playback_load", "playback"))
"""The session over time samples."""


def sessions_for(tests: Collection[str]) -> list[Session]:
    """The sessions that measure these tests, each cut after the last of them.

    `initial_load` is measured in every session that begins with it; alone, in a session of its own.
    """
    found = []
    for session in SESSIONS.values():
        own = [test for test in session.tests if test != "initial_load" and test in tests]
        if own:
            kept = session.tests[: session.tests.index(own[-1]) + 1]
            found.append(replace(session, tests=kept))
    if "initial_load" in tests and not any("initial_load" in entry.tests for entry in found):
        found.insert(0, Session("load", ("initial_load",)))
    return found


def session_named(name: str) -> Session:
    """The session with this name, whole."""
    for session in (TYPE_SESSION, PLAYBACK_SESSION):
        if name == session.name:
            return session
    return SESSIONS[name] if name in SESSIONS else Session(name, ("initial_load",))

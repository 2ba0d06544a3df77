"""The graph of kernels while nodes are being gathered into them: who depends on whom, and which joins would close a cycle.

Ancestors are bit sets (Python ints), one bit a kernel: a test is one ``&``. A merged kernel has the bits of its parts, and
is known by any one of them. A kernel that reads no other is known to its readers alone: what comes after these, often half
the graph, need not be told of a decayed average that a layer's statistic is added to.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable


class Contraction:
    def __init__(self) -> None:
        self._bit: dict[Hashable, int] = {}
        self._above: dict[Hashable, int] = {}
        self._below: defaultdict[Hashable, set] = defaultdict(set)
        self._reads: defaultdict[Hashable, set] = defaultdict(set)
        self._count = 0

    def add(self, group: Hashable) -> None:
        self._bit[group], self._above[group] = 1 << self._count, 0
        self._count += 1

    def age(self, group: Hashable) -> int:
        return self._bit[group]

    def depend(self, group: Hashable, sources: Iterable[Hashable]) -> None:
        """`group` reads what `sources` compute."""
        others = [s for s in sources if s is not group and s not in self._reads[group]]
        if not others:
            return
        for source in others:
            self._below[source].add(group)
            self._reads[group].add(source)
            self._inherit(group, self._known(source))
        self._tell(group)

    def _known(self, group: Hashable) -> int:
        """What comes before all that reads `group`, as far as that is told."""
        return self._above[group] | self._bit[group] if self._reads[group] else 0

    def _tell(self, group: Hashable) -> None:
        """What reads `group` learns of it, unless it did when `group` had fewer bits."""
        for reader in self._below[group]:
            if not self._above[reader] & self._bit[group]:
                self._inherit(reader, self._known(group))

    def _inherit(self, group: Hashable, ancestors: int) -> None:
        stack = [group]
        while stack:
            group = stack.pop()
            if ancestors & ~self._above[group]:
                self._above[group] |= ancestors
                stack.extend(self._below[group])

    def depends(self, group: Hashable, on: Hashable) -> bool:
        """Whether a path leads from `on` to `group`."""
        if self._reads[on]:
            return bool(self._above[group] & self._bit[on])
        return any(group is reader or self._above[group] & self._bit[reader] for reader in self._below[on])

    def joins(self, group: Hashable, sources: Iterable[Hashable]) -> bool:
        """Whether a node that reads `sources` may join `group`: none of the others comes after it."""
        return not any(self.depends(s, group) for s in sources if s is not group)

    def merges(self, a: Hashable, b: Hashable) -> bool:
        """Whether two groups may become one: no path from one to the other leads through a third."""
        return not (self._detour(a, b) or self._detour(b, a))

    def _detour(self, a: Hashable, b: Hashable) -> bool:
        return any(self.depends(u, a) for u in self._reads[b] if u is not a)

    def merge(self, a: Hashable, b: Hashable) -> None:
        """`b` becomes part of `a`."""
        for u in self._below.pop(b, ()):
            self._reads[u].discard(b)
            self._reads[u].add(a)
            self._below[a].add(u)
        for u in self._reads.pop(b, ()):
            self._below[u].discard(b)
            self._below[u].add(a)
            self._reads[a].add(u)
        self._reads[a] -= {a, b}
        self._below[a] -= {a, b}
        self._bit[a] |= self._bit.pop(b)
        self._above[a] = (self._above[a] | self._above.pop(b)) & ~self._bit[a]
        self._tell(a)
        for u in self._below[a]:
            self._inherit(u, self._above[a])

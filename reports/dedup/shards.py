"""A pool in shards: each in an actor of Ray, all of them asked at once, and the decisions those of one index over everything.

For files whose pool is larger than a machine's memory or one core's patience. A batch of texts is compared by every shard with
its part of the pool as it was before the batch, and here, in order, with what the batch itself has brought; the nearest of all
that is found decides, as `retrievers.novelty` says it. So nothing depends on how many shards there are. The work is that of
one index, divided. Ray Data has no place for a pool that grows in the order of the data; actors have.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from self_instruct.chains.models.ray_pool import connect, imported_ray
from self_instruct.records.errors import SelfInstructError
from self_instruct.retrievers.novelty import Kept, Neighbour, NoveltyIndex, TooSimilar
from self_instruct.settings.sections import NoveltySettings, RaySettings


class ShardLostError(SelfInstructError):
    """An actor died, and with it a part of the pool."""


class Shard:
    """A part of a pool: some of its texts, and which rows of the whole they are."""

    def __init__(self, rules: NoveltySettings) -> None:
        self._index = NoveltyIndex(rules)
        self._rows = array("q")

    def add(self, rows: Sequence[int], texts: Sequence[str]) -> None:
        """Add texts, whose rows are greater than all before."""
        self._index.add_all(texts)
        self._rows.extend(rows)

    def nearest(self, texts: Sequence[str]) -> list[Neighbour | None]:
        """Return what each text is nearest to of those here that are too similar, by the row of the whole."""
        found = (self._index.nearest_too_similar(text) for text in texts)
        return [one and replace(one, row=self._rows[one.row]) for one in found]


class Shards(Protocol):
    """Several shards, wherever they are."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def add(self, shard: int, rows: Sequence[int], texts: Sequence[str]) -> None:
        """Add texts to one; it holds them before it is asked again."""
        ...

    def nearest(self, texts: Sequence[str]) -> list[list[Neighbour | None]]:
        """Return what each says of these texts."""
        ...


class ShardedIndex:
    """A pool that decides as `NoveltyIndex` does, and holds no text itself."""

    def __init__(self, rules: NoveltySettings, shards: Shards) -> None:
        self._rules = rules
        self._shards = shards
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add_all(self, texts: Iterable[str]) -> None:
        """Add texts to the pool in their order, novel or not."""
        texts = list(texts)
        rows, count = range(self._length, self._length + len(texts)), len(self._shards)
        for shard in range(count):
            if of_it := texts[shard::count]:
                self._shards.add(shard, rows[shard::count], of_it)
        self._length += len(texts)

    def offer_all(self, texts: Iterable[str]) -> list[Kept | TooSimilar]:
        """Offer texts in their order and return the decisions."""
        texts = list(texts)
        brought, first = NoveltyIndex(self._rules), self._length
        decisions: list[Kept | TooSimilar] = []
        kept: list[str] = []
        for text, *before in zip(texts, *self._shards.nearest(texts), strict=True):
            within = brought.nearest_too_similar(text)
            if nearest := _nearest([*before, within and replace(within, row=first + within.row)]):
                decisions.append(TooSimilar(nearest))
            else:
                decisions.append(Kept(first + brought.add(text)))
                kept.append(text)
        self.add_all(kept)
        return decisions


def _nearest(found: Iterable[Neighbour | None]) -> Neighbour | None:
    """Return the one with the highest ROUGE-L, of equal ones the first row."""
    return max((one for one in found if one), key=lambda one: (one.score, -one.row), default=None)


class _RayShards:
    """Shards in actors of Ray."""

    def __init__(self, ray: Any, actors: Sequence[Any]) -> None:
        self._ray = ray
        self._actors = actors
        self._adding: list[Any] = []

    def __len__(self) -> int:
        return len(self._actors)

    def add(self, shard: int, rows: Sequence[int], texts: Sequence[str]) -> None:
        self._adding.append(self._actors[shard].add.remote(rows, texts))  # an actor does in order what it is told

    def nearest(self, texts: Sequence[str]) -> list[list[Neighbour | None]]:
        texts = self._ray.put(texts)
        asked = [actor.nearest.remote(texts) for actor in self._actors]
        adding, self._adding = self._adding, []
        try:
            self._ray.get(adding)
            found: list[list[Neighbour | None]] = self._ray.get(asked)
        except self._ray.exceptions.RayTaskError:
            raise
        except self._ray.exceptions.RayError as error:
            words = f"a shard of the pool is lost ({type(error).__name__}); nothing was written; run it again."
            raise ShardLostError(words) from error
        return found


@contextmanager
def sharded_index(rules: NoveltySettings, settings: RaySettings) -> Iterator[ShardedIndex]:
    """Give a pool in as many shards as `settings` says actors; they end with the block.

    Raises `SettingsError` where Ray is not installed or not reached, and `ShardLostError`, later, where an actor dies.
    """
    ray = imported_ray()
    is_ours = connect(ray, settings)
    kind = ray.remote(num_cpus=settings.cpus)(Shard)
    actors = [kind.remote(rules) for _ in range(settings.actors)]
    try:
        yield ShardedIndex(rules, _RayShards(ray, actors))
    finally:
        for actor in actors:
            ray.kill(actor)
        if is_ours:
            ray.shutdown()

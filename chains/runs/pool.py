"""The pool of a run: its seed tasks and the tasks kept so far, with what is drawn from it.

Request *i* draws its demonstrations from the pool as it stood when all but the last `window` requests before it were decided,
so that what a prompt holds depends on the settings, the seeds and the replies alone, never on the order in which replies
arrive.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, overload

from self_instruct.chains.runs.turns import Turns
from self_instruct.chains.stages.instructions import Shown
from self_instruct.ledger import TaskId
from self_instruct.records.tasks import Proposer, SeedTask
from self_instruct.retrievers import Kept, NoveltyIndex, TooSimilar, draw_demonstrations
from self_instruct.retrievers.draws import draws
from self_instruct.retrievers.steering import Steering, Wanted
from self_instruct.retrievers.taxonomy import Entries, Taxonomy
from self_instruct.settings.settings import Settings


class One(NamedTuple):
    """One instruction of the pool: of a kept `task`, or of the seed at the place `seed` among the run's."""

    instruction: str
    task: TaskId | None
    seed: int | None


class Pool:
    """Seed instructions and kept instructions in order, and the novelty index over both; `draw` is the run's.

    With a `taxonomy` the paper's own requests are steered to its cells. `turns` says which these are; `texts` is how many a
    user has for another proposer to ask about.
    """

    def __init__(
        self, seeds: Sequence[SeedTask], settings: Settings, draw: int, taxonomy: Taxonomy | None = None, texts: int = 0
    ) -> None:
        only = settings.instructions.classification_only
        self._seed_places = [place for place, seed in enumerate(seeds) if seed.is_classification or not only]
        self._seeds = [seeds[place].instruction for place in self._seed_places]
        self._settings = settings
        self._draw = draw
        self._index = NoveltyIndex(settings.novelty)
        self._index.add_all(self._seeds)
        self._kept: list[str] = []
        self._requests: list[int] = []  # the request that brought each kept task, ascending
        self._items: list[int] = []  # and its item
        self._untagged: set[TaskId] = set()
        width = settings.instructions.demonstrations  # as many as a prompt asks for
        self.turns = Turns(settings.shares, {Proposer.BACK_TRANSLATE: texts})
        self._steering = Steering(taxonomy, self.requests_before, width, self.turns.is_papers) if taxonomy else None
        self._seed_entries = [(seed, taxonomy.entries_of(seed)) for seed in self._seeds] if taxonomy else []

    def __len__(self) -> int:
        """Return the number of kept tasks; seeds do not count."""
        return len(self._kept)

    def restore(self, tasks: Iterable[tuple[TaskId, str]]) -> None:
        """Add tasks that were kept earlier, in the order of the pool, without deciding about them again."""
        for task, instruction in tasks:
            self._add(task, instruction)
        self._index.add_all(self._kept)

    def offer(self, task: TaskId, instruction: str) -> Kept | TooSimilar:
        """Keep an instruction if it is novel, else say which one it is too similar to."""
        decision = self._index.offer(instruction)
        if isinstance(decision, Kept):
            self._add(task, instruction)
        return decision

    def _add(self, task: TaskId, instruction: str) -> None:
        self._kept.append(instruction)
        self._requests.append(task.request)
        self._items.append(task.item)
        if self._steering:
            self._steering.add(task.request, instruction)

    def await_tag(self, task: TaskId) -> None:
        """Let no request be drawn that may see a kept task, before `tag` has said what it is."""
        self._untagged.add(task)

    def tag(self, task: TaskId, told: Entries = ()) -> None:
        """Say what a kept task is, on each axis, where words did not tell; nothing: that is not known."""
        self._untagged.discard(task)
        if self._steering and told:
            places = range(bisect_left(self._requests, task.request), len(self._items))
            self._steering.tell(next(place for place in places if self._items[place] == task.item), told)

    def may_be_drawn(self, request: int, decided: int) -> bool:
        """Return whether so many decided requests are enough to draw this one, and all that these brought is tagged."""
        before = self.requests_before(request)
        return before <= decided and not any(task.request < before for task in self._untagged)

    def brought(self, first: int, end: int) -> list[int]:
        """Return how many tasks each of the requests from `first` to before `end` brought."""
        requests = self._requests[bisect_left(self._requests, first) : bisect_left(self._requests, end)]
        counts = Counter(requests)
        return [counts[request] for request in range(first, end)]

    def requests_before(self, request: int) -> int:
        """Return how many requests must be decided before this one can be drawn."""
        window = self._settings.window
        return request // window * window if self._settings.batched else max(0, request - window + 1)

    def demonstrations(self, request: int) -> Shown:
        """Return the instructions shown in this request's prompt; the same for the same seed, settings and replies."""
        visible = bisect_left(self._requests, self.requests_before(request))
        random = draws(self._draw, self._settings.seed, request)
        machine, rules = _Prefix(self._kept, visible), self._settings.instructions
        wanted = self._steering.wanted(request) if self._steering else Wanted()
        if self._steering is None or not wanted.cells:
            return Shown(draw_demonstrations(self._seeds, machine, rules, random))
        near = self._like(wanted, visible) or self._like(
            replace(wanted, cells=tuple(self._steering.near(wanted.cells))), visible
        )
        shown = draw_demonstrations(self._seeds, machine, rules, random, near)
        taxonomy = self._steering.taxonomy
        subjects = [random.choice(of) for cell in wanted.cells if (of := taxonomy.subjects(cell))]
        return Shown(shown, wanted.words(taxonomy) or "anything", subjects)

    def one(self, request: int, may_be: Callable[[TaskId], bool]) -> One:
        """Return one instruction of those that a request sees, seeds and kept tasks alike; `may_be` says of a task whether."""
        visible = bisect_left(self._requests, self.requests_before(request))
        random = draws(self._draw, self._settings.seed, request)
        while True:  # a seed may always be
            place = random.choice(range(len(self._seeds) + visible))
            if place < len(self._seeds):
                return One(self._seeds[place], None, self._seed_places[place])
            place -= len(self._seeds)
            task = TaskId(self._requests[place], self._items[place])
            if may_be(task):
                return One(self._kept[place], task, None)

    def _like(self, wanted: Wanted, visible: int) -> list[str]:
        """Return the seeds and the first `visible` kept tasks that are in these cells, those with the aspect if any."""
        assert self._steering is not None  # noqa: S101  for the type checker
        taxonomy, steering = self._steering.taxonomy, self._steering
        found = [(seed, entries) for seed, entries in self._seed_entries if taxonomy.cell(entries) in wanted.cells]
        places = (place for cell in wanted.cells for place in steering.places(cell, visible))
        found += [(self._kept[place], steering.entries(place)) for place in places]
        with_aspect = [text for text, entries in found if wanted.has_aspect(entries)]
        return with_aspect or [text for text, _ in found]


class _Prefix(Sequence[str]):
    """The first `length` items of a list, without copying them."""

    def __init__(self, items: list[str], length: int) -> None:
        self._items = items
        self._length = length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self._items[position] for position in range(*index.indices(self._length))]
        return self._items[range(self._length)[index]]

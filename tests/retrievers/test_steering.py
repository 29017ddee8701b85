"""Which cells a request wants: the thinnest, with what is open counted in; what brings nothing is given up."""

from collections.abc import Sequence
from random import Random

from self_instruct.retrievers.steering import TRIES, Steering
from self_instruct.retrievers.taxonomy import Taxonomy

GRID = Taxonomy.from_fields({
    "topic": {
        name: {"words": [name], "wanted": f"about {name}", "subjects": [f"a {name}"]} for name in ("tea", "sea", "law", "art")
    },
    "kind": {name: {"words": [name], "wanted": f"to {name}"} for name in ("write", "sort")},
})  # fmt: skip


def steering(window: int = 1, width: int = 2) -> Steering:
    return Steering(GRID, lambda request: max(0, request - window + 1), width)


def bring(one: Steering, request: int, tasks: Sequence[str]) -> None:
    for task in tasks:
        one.add(request, task)


def test_the_thinnest_cells_are_wanted_first_in_one_kind_and_several_subjects() -> None:
    one = steering()
    assert one.wanted(0) == (("tea", "write"), ("sea", "write"))
    bring(one, 0, ["write tea", "write sea", "sort tea", "write law"])
    assert one.wanted(1) == (("sea", "sort"), ("law", "sort"))
    bring(one, 1, ["sort sea", "sort law"])
    assert one.wanted(2) == (("art", "write"), ("tea", "write"))
    assert one.places(("tea", "write"), 1) == [0]


def test_a_request_that_is_open_counts_for_what_it_may_bring() -> None:
    one = steering(window=4)
    wanted = [cell for request in range(4) for cell in one.wanted(request)]
    assert sorted(wanted) == sorted(GRID.cells)


def test_a_cell_that_brings_nothing_is_given_up_and_all_of_them_in_the_end() -> None:
    one = steering()
    asked = [cell for request in range(100) for cell in one.wanted(request)]
    assert {asked.count(cell) for cell in GRID.cells} == {TRIES}
    assert one.wanted(99) == ()


def test_what_a_request_wants_does_not_depend_on_when_it_is_asked() -> None:
    brought = [[f"{kind} {topic}"] for kind in ("write", "sort") for topic in ("tea", "law", "art", "nothing")] * 3
    calm, late = steering(window=3), steering(window=3)
    found = []
    for request, tasks in enumerate(brought):
        found.append(calm.wanted(request))
        bring(calm, request, tasks)
    for request, tasks in enumerate(brought):
        bring(late, request, tasks)
    order = list(range(len(brought)))
    Random(1).shuffle(order)
    assert {request: late.wanted(request) for request in order} == dict(enumerate(found))


def test_subjects_share_the_weight_that_the_file_gives_them() -> None:
    fields = GRID.to_fields()
    fields["topic"]["tea"]["share"] = 4
    one = Steering(Taxonomy.from_fields(fields), lambda request: request, 1)
    bring(one, 0, ["write tea", "write tea", "write sea", "sort sea", "write law", "sort law", "write art", "sort art"])
    assert [one.wanted(request) for request in range(2)][1] == (("tea", "sort"),)

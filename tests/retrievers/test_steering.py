"""What a request wants: the thinnest cells and aspect, with what is open counted in; what brings nothing is given up."""

from collections.abc import Sequence
from random import Random

from self_instruct.retrievers.steering import TRIES, Steering, Wanted
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
    assert one.wanted(0).cells == (("tea", "write"), ("sea", "write"))
    bring(one, 0, ["write tea", "write sea", "sort tea", "write law"])
    assert one.wanted(1).cells == (("sea", "sort"), ("law", "sort"))
    bring(one, 1, ["sort sea", "sort law"])
    assert one.wanted(2).cells == (("art", "write"), ("tea", "write"))
    assert one.places(("tea", "write"), 1) == [0]


def test_a_request_that_is_open_counts_for_what_it_may_bring() -> None:
    one = steering(window=4)
    wanted = [cell for request in range(4) for cell in one.wanted(request).cells]
    assert sorted(wanted) == sorted(GRID.cells)


def test_a_cell_that_brings_nothing_is_given_up_and_all_of_them_in_the_end() -> None:
    one = steering()
    asked = [cell for request in range(100) for cell in one.wanted(request).cells]
    assert {asked.count(cell) for cell in GRID.cells} == {TRIES}
    assert one.wanted(99) == Wanted()
    bring(one, 99, ["sort law"])
    assert one.wanted(100).cells == (("law", "sort"),), "something of it has turned up"


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
    assert [one.wanted(request) for request in range(2)][1].cells == (("tea", "sort"),)


ASPECTS = Taxonomy.from_fields({
    **GRID.to_fields(),
    "aspects": {
        "length": {
            "short": {"words": ["short"], "wanted": "short", "share": 3, "not_with": ["sort"]},
            "long": {"words": ["long"], "wanted": "long"},
        },
        "input": {"given": {"words": ["this"], "wanted": "with a text"}, "none": {"wanted": "without one"}},
    },
})  # fmt: skip


def test_beside_its_cells_a_request_wants_the_entry_of_an_aspect_that_lacks_most() -> None:
    one = Steering(ASPECTS, lambda request: request, 2)
    assert one.wanted(0).aspect == (2, "short"), "the first of equals"
    bring(one, 0, ["write short tea", "sort short sea", "write short law", "sort this short art"])
    second = one.wanted(1)
    assert second.cells[0] == ("tea", "sort")
    assert second.aspect == (2, "long"), "short ones are 4 where 3 should be, and no sorting is to be short"
    assert second.words(ASPECTS) == "to sort, long"
    bring(one, 1, ["sort long tea"])
    third = one.wanted(2)
    assert third.aspect == (3, "given"), "one in five where half should be, and short and long as they should"
    assert [third.has_aspect(ASPECTS.entries_of(text)) for text in ("sort this", "sort it", "long")] == [True, False, False]


def test_an_aspect_that_brings_nothing_is_given_up_until_something_of_it_turns_up() -> None:
    one = Steering(ASPECTS, lambda request: request, 1)
    asked = []
    for request in range(4 * TRIES):
        wanted = one.wanted(request)
        asked.append(wanted.aspect)
        bring(one, request, [" ".join(wanted.cells[0])])
    assert [asked.count((2, name)) for name in ("short", "long")] == [TRIES, TRIES]
    assert asked.count((3, "given")) == TRIES
    assert asked[-1] is None, "what is left is not lacking"
    bring(one, 4 * TRIES - 1, ["write this"])
    assert one.wanted(4 * TRIES).aspect == (3, "given")


def test_what_a_model_tells_of_a_task_counts_beside_what_its_words_tell() -> None:
    one = Steering(ASPECTS, lambda request: request, 1)
    bring(one, 0, ["tea", "write short sea", "long"])
    one.tell(0, (None, "sort", "long", None))
    one.tell(1, ("law", "sort", "long", "given"))
    assert (one.places(("tea", "sort"), 3), one.places(("sea", "write"), 3)) == ([0], [1])
    assert [one.entries(place)[2:] for place in range(3)] == [("long", "none"), ("short", "none"), ("long", "none")]
    one.tell(2, ("tea", "sort", None, None))
    assert one.places(("tea", "sort"), 3) == [0, 2]

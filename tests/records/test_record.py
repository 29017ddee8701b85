"""Records as plain dicts: there and back, through JSON and through a LangGraph checkpoint."""

import json
from typing import Any, TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

from self_instruct.records import Candidate, Classification, Instance, Reason, Rejection, SeedTask, Task, Verdict

INSTANCE = Instance("3, 1, 2", "1, 2, 3")
REFUSED = Rejection("instances", Reason.DUPLICATE, "x", 4, {"input": "a", "score": 0.5})
TASK = Task("Sort the numbers.", False, (INSTANCE, Instance("", "ü")), (REFUSED,))
RECORDS = [
    INSTANCE,
    REFUSED,
    TASK,
    Task("Unclear.", None),
    Candidate(7, "Name a river."),
    Classification(True),
    SeedTask("seed_1", "sort", "Sort the numbers.", (INSTANCE,), False, "maths"),
    Verdict("difficulty", 1, {"difficulty": "easy", "score": 3}),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_from_json_as_it_was(record: Any) -> None:
    plain = record.to_dict()
    assert type(record).from_dict(json.loads(json.dumps(plain))) == record
    assert json.loads(json.dumps(plain)) == plain


def test_a_wrong_dict_names_the_field() -> None:
    with pytest.raises(ValueError, match="instruction"):
        Task.from_dict({"is_classification": True})
    with pytest.raises(ValueError, match="instructon"):
        Task.from_dict({"instruction": "a", "is_classification": True, "instructon": "b"})


class State(TypedDict):
    task: dict[str, Any]


def test_a_task_goes_through_a_checkpoint_unchanged() -> None:
    graph = StateGraph(State)
    graph.add_node("write", lambda state: {"task": TASK.to_dict()})
    graph.add_edge(START, "write")
    graph.add_edge("write", END)
    app = graph.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    app.invoke({"task": {}}, config)
    assert Task.from_dict(app.get_state(config).values["task"]) == TASK


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Task, {"instruction": "a", "is_classification": "yes"}),
        (Instance, {"input": b"a", "output": "b"}),
        (Candidate, {"item": "12", "text": "a"}),
        (Task, None),
        (Task, "{}"),
    ],
)
def test_a_value_of_another_type_is_refused_and_not_turned_into_the_right_one(kind: Any, fields: Any) -> None:
    with pytest.raises(ValueError, match=r"is_classification|JSON values|item|fields of a Task"):
        kind.from_dict(fields)

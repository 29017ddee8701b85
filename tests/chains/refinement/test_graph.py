"""The refinement as a LangGraph graph: writes, refines, streams, stops for a person, and keeps one task in its state."""

from typing import Any

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver

from self_instruct.chains import refinement_graph
from self_instruct.chains.models.loading import load_model
from self_instruct.chains.refinement.graph import FOLLOWING
from self_instruct.chains.refinement.refiner import DONE

GOOD = "Reason: Right.\nValid task: yes\nInput fits: yes\nOutput correct: yes\nScore: 5"
BAD = GOOD.replace("correct: yes\nScore: 5", "correct: no\nScore: 1")
FAULT = "Fault: It names a town.\nChange: Name a river.\nWhere: output"
A, B = (f"Reason: So it is.\nBetter: {winner}" for winner in "AB")


def saying(*words: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(word) for word in words]))


def test_it_writes_an_output_and_replaces_it_by_a_better_one() -> None:
    graph = refinement_graph(saying("Lyon", "The Loire"), saying(BAD, FAULT, B, A, GOOD))
    walked = [name for update in graph.stream({"instruction": "Name a river in France."}) for name in update]
    assert walked == ["write", "verify", "judge", "critique", "revise", "compare", "verify", "judge"]


async def test_a_person_may_change_what_was_written_before_it_is_compared() -> None:
    graph = refinement_graph(
        saying("Lyon", "Paris"), saying(BAD, FAULT, B, A, GOOD), checkpointer=InMemorySaver(), interrupt_before=["compare"]
    )
    config: Any = {"configurable": {"thread_id": "1"}}
    stopped = await graph.ainvoke({"instruction": "Name a river in France."}, config)
    assert (stopped["output"], stopped["candidate"]) == ("Lyon", "Paris")
    await graph.aupdate_state(config, {"candidate": "The Rhône"})
    done = await graph.ainvoke(None, config)
    assert done["output"] == "The Rhône"


def test_an_output_that_is_there_is_refined_and_the_drawing_has_every_step() -> None:
    graph = refinement_graph(saying(), saying(GOOD))
    assert graph.invoke({"instruction": "Name a river in France.", "output": "The Loire"})["output"] == "The Loire"
    drawn = {(edge.source, edge.target) for edge in graph.get_graph().edges}
    assert drawn >= {(one, "__end__" if to == DONE else to) for one, following in FOLLOWING.items() for to in following}


def test_the_offline_model_goes_all_the_way() -> None:
    model = load_model("offline")
    done = refinement_graph(model, model).invoke({"instruction": "Name a river in France.", "output": "[Your river here]"})
    assert done["steps"][0]["flags"] == ["placeholder"]
    assert "[" not in done["output"]

"""The refinement as a LangGraph graph: writes, refines, streams, stops for a person, and keeps one task in its state."""

from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver

from self_instruct.chains import refinement_graph
from self_instruct.chains.models.loading import load_model
from self_instruct.chains.refinement.graph import following
from self_instruct.chains.refinement.refiner import DONE, RefinementRules
from self_instruct.retrievers import NoveltyIndex

GOOD = "Reason: Right.\nValid task: yes\nInput fits: yes\nOutput correct: yes\nScore: 5"
BAD = GOOD.replace("correct: yes\nScore: 5", "correct: no\nScore: 1")
UNCLEAR = f"{GOOD}\nConcerns: unclear"
NEW = "Name the three longest rivers in France, longest first."
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


def test_an_output_that_is_there_is_refined() -> None:
    graph = refinement_graph(saying(), saying(GOOD))
    assert graph.invoke({"instruction": "Name a river in France.", "output": "The Loire"})["output"] == "The Loire"


@pytest.mark.parametrize("rules", [RefinementRules(), RefinementRules(regenerate=False), RefinementRules(rewrite=True)])
def test_the_drawing_has_every_step_and_no_other(rules: RefinementRules) -> None:
    graph = refinement_graph(saying(), saying(), regenerate=rules.regenerate, rewrite=rules.rewrite)
    steps = following(rules)
    drawn = {(edge.source, edge.target) for edge in graph.get_graph().edges if edge.source != "__start__"}
    assert drawn == {(one, "__end__" if to == DONE else to) for one, ends in steps.items() for to in ends}
    assert ("rewrite" in steps) is rules.rewrite


def test_an_instruction_at_fault_is_written_again_with_its_instance_before_the_output_is_looked_at() -> None:
    graph = refinement_graph(saying(NEW, "Output: Loire, Rhone, Seine"), saying(UNCLEAR, B, A, GOOD), rewrite=True)
    task = {"instruction": "Name a river or so.", "output": "Lyon"}
    walked = [name for update in graph.stream(task) for name in update]
    rewriting = ["diagnose", "rewrite", "write_instances", "compare_tasks"]
    assert walked == ["verify", "judge", *rewriting, "verify", "judge"]


def test_one_that_loses_or_is_not_novel_stays_and_its_output_goes_on() -> None:
    task = {"instruction": "Name a river or so.", "output": "Lyon"}
    answer, poor = "Output: Loire, Rhone, Seine", f"{BAD}\nConcerns: unclear"
    lost = refinement_graph(saying(NEW, answer, "The Loire"), saying(poor, A, B, FAULT, B, A, GOOD), rewrite=True)
    done = lost.invoke(task)
    assert (done["instruction"], done["output"]) == (task["instruction"], "The Loire")
    assert [(step["operator"], step["result"]) for step in done["steps"]] == [("rewrite", "loss"), ("revise", "win")]
    pool = NoveltyIndex()
    pool.add(NEW)
    known = refinement_graph(saying(NEW), saying(UNCLEAR), rewrite=True, nearest=pool.nearest_too_similar)
    done = known.invoke(task)
    assert (done["output"], done["steps"][0]["decided_by"], done["steps"][0]["after"]) == ("Lyon", "novelty", NEW)


async def test_a_person_may_word_the_instruction_before_instances_are_written_for_it() -> None:
    examples = "Example 1\nInput: France\nOutput: Loire\nExample 2\nInput: Italy\nOutput: Po"
    graph = refinement_graph(
        saying("Name two rivers in all of France.", examples), saying(UNCLEAR, B, A, GOOD), rewrite=True,
        checkpointer=InMemorySaver(), interrupt_before=["write_instances"],
    )  # fmt: skip
    config: Any = {"configurable": {"thread_id": "1"}}
    stopped = await graph.ainvoke({"instruction": "Name a river or so.", "output": "Lyon"}, config)
    assert stopped["task"] == {"instruction": "Name two rivers in all of France."}
    worded = "Name the longest river of the given country."
    await graph.aupdate_state(config, {"task": {"instruction": worded}})
    done = await graph.ainvoke(None, config)
    assert (done["instruction"], done["input"], done["output"]) == (worded, "France", "Loire")
    assert done["others"] == [{"input": "Italy", "output": "Po"}]


def test_the_offline_model_goes_all_the_way() -> None:
    model = load_model("offline")
    done = refinement_graph(model, model).invoke({"instruction": "Name a river in France.", "output": "[Your river here]"})
    assert done["steps"][0]["flags"] == ["placeholder"]
    assert "[" not in done["output"]

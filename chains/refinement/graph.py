"""The refinement of one instance as a LangGraph graph: for an app that writes one, or wants one better.

The nodes are the steps that `improve` runs. What a checkpoint keeps is the state of one instance in plain JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from self_instruct.chains.models.answering import answering
from self_instruct.chains.models.names import is_completion_model, model_name_of
from self_instruct.chains.models.replies import Model, message_to_reply
from self_instruct.chains.refinement.asking import COMPARING, CRITICISING, SCORING, Ask
from self_instruct.chains.refinement.refiner import (
    COMPARE,
    CRITIQUE,
    DONE,
    JUDGE,
    REVISE,
    VERIFY,
    WRITE,
    RefinementRules,
    RefinementState,
    Refiner,
    first,
)
from self_instruct.prompts.prompt_set import PromptSet, prompt_set
from self_instruct.records.judgements import JUDGING
from self_instruct.records.revisions import Operator
from self_instruct.settings.settings import Settings

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

FOLLOWING: Mapping[str, Sequence[str]] = {
    WRITE: (VERIFY, COMPARE, DONE),
    VERIFY: (JUDGE,),
    JUDGE: (WRITE, CRITIQUE, DONE),
    CRITIQUE: (REVISE, DONE),
    REVISE: (COMPARE,),
    COMPARE: (VERIFY, CRITIQUE, DONE),
}
"""The steps that may follow each: what a drawing shows."""


def refinement_graph(
    model: Model,
    judge: Model,
    settings: Settings | None = None,
    prompts: PromptSet | None = None,
    *,
    rounds: int = 1,
    regenerate: bool = False,
    checkpointer: Any = None,
    interrupt_before: Sequence[str] = (),
) -> CompiledStateGraph[RefinementState, Any, RefinementState, RefinementState]:
    """Return a compiled graph from `{"instruction": ...}` to an output that verifiers and judge have looked at.

    Without `output` in its input the graph has the `model` write one; with it that one is refined, and with `regenerate`
    written again first. `judge` is asked for verdicts, critiques and comparisons; `settings` say its votes and what is good
    enough (`judging`), and which `verifiers` look. A revision is kept only if a verifier or, in both orders, the judge prefers
    it. At most so many `rounds` of critique and revision. `checkpointer` and `interrupt_before` are LangGraph's: a person may
    look at the state before "compare", say, and change it. The state is `RefinementState`, plain JSON.
    """
    from langgraph.graph import END, START, StateGraph

    settings = settings or Settings()
    chosen = prompts or _prompts(model, judge)
    refiner = Refiner(settings, chosen, RefinementRules(regenerate, rounds))
    asked = _Asked(answering(model), answering(judge))
    graph = StateGraph(RefinementState)
    for name, step in refiner.steps.items():
        graph.add_node(name, RunnableLambda(partial(asked.walk, step), afunc=partial(asked.awalk, step), name=name))
    graph.add_conditional_edges(START, first, [WRITE, VERIFY])
    for name, following in FOLLOWING.items():
        ends = {each: END if each == DONE else each for each in following}
        graph.add_conditional_edges(name, _after(refiner, name), ends)  # type: ignore[arg-type]  # a mapping of names
    return graph.compile(checkpointer=checkpointer, interrupt_before=list(interrupt_before), name="refinement")


class _Asked:
    """The two models, and how a step's questions reach them."""

    def __init__(self, model: Runnable[Any, AIMessage | str], judge: Runnable[Any, AIMessage | str]) -> None:
        self._models = {
            **{operator.value: model for operator in Operator},
            **dict.fromkeys((SCORING, COMPARING, CRITICISING), judge),
        }

    def walk(self, step: Callable[..., Any], state: RefinementState, config: RunnableConfig) -> RefinementState:
        talk, reply = step(state), None
        while True:
            try:
                ask: Ask = talk.send(reply)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            reply = message_to_reply(self._models[ask.stage].invoke(_prompt(ask), _named(config, ask)))

    async def awalk(self, step: Callable[..., Any], state: RefinementState, config: RunnableConfig) -> RefinementState:
        talk, reply = step(state), None
        while True:
            try:
                ask: Ask = talk.send(reply)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            reply = message_to_reply(await self._models[ask.stage].ainvoke(_prompt(ask), _named(config, ask)))


def _prompt(ask: Ask) -> Any:
    return ask.prompt.format_prompt(**ask.variables)


def _named(config: RunnableConfig, ask: Ask) -> RunnableConfig:
    return {**config, "run_name": ask.stage}


def _after(refiner: Refiner, name: str) -> Callable[[RefinementState], str]:
    def after(state: RefinementState) -> str:
        return refiner.after(name, state)

    return after


def _prompts(model: Model, judge: Model) -> PromptSet:
    writes, looks = (is_completion_model(model_name_of(one)) for one in (model, judge))
    stages = [*(Operator if writes else ()), *((JUDGING, CRITICISING) if looks else ())]
    return prompt_set(completion=[str(each) for each in stages])

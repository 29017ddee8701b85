"""The refinement of one instance as a LangGraph graph: for an app that writes one, or wants one better, or its instruction.

The nodes are the steps that `improve` runs. What a checkpoint keeps is the state of one instance in plain JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from self_instruct.chains.models.answering import answering, as_model
from self_instruct.chains.models.names import is_completion_model, model_name_of
from self_instruct.chains.models.replies import Model, message_to_reply
from self_instruct.chains.refinement.asking import COMPARING, COMPARING_TASKS, CRITICISING, SCORING, Ask
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
from self_instruct.chains.refinement.rewriting import (
    COMPARE_TASKS,
    DIAGNOSE,
    REWRITE,
    WRITE_INSTANCES,
    Offer,
    Offering,
    Rewriter,
)
from self_instruct.prompts.prompt_set import PromptSet, prompt_set
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.records.judgements import JUDGING
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.revisions import Operator
from self_instruct.records.tasks import StageName
from self_instruct.retrievers import Neighbour
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import settle_made

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

Nearest: TypeAlias = Callable[[str], Neighbour | None]
"""Says which instruction of a pool another is too similar to, as `NoveltyIndex.nearest_too_similar` does."""


def following(rules: RefinementRules) -> Mapping[str, Sequence[str]]:
    """Return the steps that may follow each: what a drawing shows."""
    judged = (*((WRITE,) if rules.regenerate else ()), CRITIQUE, DONE)
    rewriting = {
        JUDGE: (DIAGNOSE, *judged), DIAGNOSE: (REWRITE, *judged), REWRITE: (WRITE_INSTANCES, *judged),
        WRITE_INSTANCES: (COMPARE_TASKS, *judged), COMPARE_TASKS: (VERIFY, *judged),
    }  # fmt: skip
    return {
        WRITE: (VERIFY, COMPARE, DONE), VERIFY: (JUDGE,), JUDGE: judged, CRITIQUE: (REVISE, DONE), REVISE: (COMPARE,),
        COMPARE: (VERIFY, CRITIQUE, DONE), **(rewriting if rules.rewrite else {}),
    }  # fmt: skip


def refinement_graph(
    model: Model,
    judge: Model,
    settings: Settings | None = None,
    prompts: PromptSet | None = None,
    *,
    rounds: int = 1,
    regenerate: bool = False,
    rewrite: bool = False,
    nearest: Nearest = lambda _: None,
    checkpointer: Any = None,
    interrupt_before: Sequence[str] = (),
) -> CompiledStateGraph[RefinementState, Any, RefinementState, RefinementState]:
    """Return a compiled graph from `{"instruction": ...}` to an output that verifiers and judge have looked at.

    Without `output` in its input the graph has the `model` write one; with it that one is refined, and with `regenerate`
    written again first. `judge` is asked for verdicts, critiques and comparisons; `settings` say its votes and what is good
    enough (`judging`), and which `verifiers` look; parameters are those that you bind to the models. A revision is kept only
    if a verifier or, in both orders, the judge prefers it. At most so many `rounds` of critique and revision.

    With `rewrite` an instruction at fault is written again before that, given instances, and replaced with them only where the
    new task wins. `nearest` says of a new instruction to which one of your pool it is too similar, None for none.

    `checkpointer` and `interrupt_before` are LangGraph's: a person may change the state, plain JSON, before "compare", say.
    """
    from langgraph.graph import END, START, StateGraph

    model, judge = as_model(model), as_model(judge)
    settings = Settings() if settings is None else _used(settle_made(settings))
    chosen = prompts or _prompts(model, judge)
    refiner = Refiner(settings, chosen, RefinementRules(regenerate, rounds, rewrite))
    rewriter = Rewriter(settings, chosen, refiner)
    asked = _Asked(answering(model), answering(judge), nearest)
    graph = StateGraph(RefinementState)
    for name, step in {**refiner.steps, **(rewriter.steps if rewrite else {})}.items():
        graph.add_node(name, RunnableLambda(partial(asked.walk, step), afunc=partial(asked.awalk, step), name=name))
    graph.add_conditional_edges(START, _first, [WRITE, VERIFY])
    for name, steps in following(refiner.rules).items():
        ends = {each: END if each == DONE else each for each in steps}
        graph.add_conditional_edges(name, _after(refiner, rewriter, name), ends)  # type: ignore[arg-type]  # a mapping of names
    return graph.compile(checkpointer=checkpointer, interrupt_before=list(interrupt_before), name="refinement")


def _used(settings: Settings) -> Settings:
    """Return settings; raises `SettingsError` where they name what a graph is given."""
    if unused := [key for key in ("model", "base_url", "templates") if getattr(settings, key) is not None]:
        raise SettingsError(f"{unused[0]} has no use here: the graph is given its two models, and its prompts; leave it out.")
    return settings


class _Asked:
    """The two models, and how a step's questions reach them; what it offers, the app answers."""

    def __init__(self, model: Runnable[Any, AIMessage | str], judge: Runnable[Any, AIMessage | str], nearest: Nearest) -> None:
        self._nearest = nearest
        self._models = {
            **dict.fromkeys((*map(str, Operator), StageName.INSTANCES.value), model),
            **dict.fromkeys((SCORING, COMPARING, COMPARING_TASKS, CRITICISING), judge),
        }

    def walk(self, step: Callable[..., Any], state: RefinementState, config: RunnableConfig) -> RefinementState:
        talk = _Talk(step(state), self._nearest)
        for ask in talk:
            talk.answer = message_to_reply(self._models[ask.stage].invoke(_prompt(ask), _named(config, ask)))
        return talk.changed

    async def awalk(self, step: Callable[..., Any], state: RefinementState, config: RunnableConfig) -> RefinementState:
        talk = _Talk(step(state), self._nearest)
        for ask in talk:
            talk.answer = message_to_reply(await self._models[ask.stage].ainvoke(_prompt(ask), _named(config, ask)))
        return talk.changed


class _Talk:
    """A step under way: its questions in turn, each to be given its `answer` before the next; then what it `changed`."""

    def __init__(self, talk: Offering[RefinementState], nearest: Nearest) -> None:
        self._talk = talk
        self._nearest = nearest
        self.answer: Reply | Refusal | Neighbour | None = None
        self.changed: RefinementState = {}

    def __iter__(self) -> Iterator[Ask]:
        while True:
            try:
                asked = self._talk.send(self.answer)
            except StopIteration as end:
                self.changed = end.value
                return
            if isinstance(asked, Offer):
                self.answer = self._nearest(asked.instruction)
            else:
                yield asked


def _prompt(ask: Ask) -> Any:
    return ask.prompt.format_prompt(**ask.variables)


def _named(config: RunnableConfig, ask: Ask) -> RunnableConfig:
    return {**config, "run_name": ask.stage}


def _after(refiner: Refiner, rewriter: Rewriter, name: str) -> Callable[[RefinementState], str]:
    def after(state: RefinementState) -> str:
        if name == JUDGE and refiner.rules.rewrite and "fault" not in state:
            return DIAGNOSE
        return (rewriter if name in rewriter.steps else refiner).after(name, state)

    return after


def _first(state: RefinementState) -> str:
    """Return the step with which an instance begins. Raises `InputError` for a state that tells no instance."""
    told: list[Any] = [state.get(name, "") for name in ("instruction", "input", "output")]
    if not all(isinstance(text, str) for text in told) or not told[0].strip():
        raise InputError(
            "the refinement graph takes {'instruction': ..., 'input': ..., 'output': ...}: texts, the last two optional."
        )
    return first(state)


def _prompts(model: Model, judge: Model) -> PromptSet:
    writes, looks = (is_completion_model(model_name_of(one)) for one in (model, judge))
    stages = [*((*Operator, StageName.INSTANCES) if writes else ()), *((JUDGING, CRITICISING) if looks else ())]
    return prompt_set(completion=[str(each) for each in stages])

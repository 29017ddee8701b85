"""Which of two outputs is better, asked in both orders: what stands first must not win for that.

A judge of pairs as a runnable; no run asks it. A model that finds A better whichever output stands there has said nothing, so
that an output wins only where both orders agree, and it is a tie otherwise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.runnables.graph import Graph
from langchain_core.runnables.utils import Input

from self_instruct.chains.models.replies import message_to_reply
from self_instruct.chains.stages.chains import SteppedChain, Talk, draw_asking
from self_instruct.chains.stages.task_kinds import task_kind
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.verdict_parser import PreferenceParser
from self_instruct.records.errors import InputError
from self_instruct.records.judgements import Comparison, Preference, Unread
from self_instruct.records.tasks import Reason

FIELDS = ("instruction", "input", "first", "second")


@dataclass(frozen=True, slots=True)
class OutputPair:
    """Two outputs for one task and input."""

    instruction: str
    input: str
    first: str
    second: str

    @property
    def swapped(self) -> Self:
        """The same pair in the other order."""
        return replace(self, first=self.second, second=self.first)


class CompareChain(SteppedChain[Input, Comparison]):
    """From a task and two outputs to a `Comparison`: asked in both orders, each once more where it cannot be read."""

    def __init__(
        self, prompts: PromptSet, model: Callable[[Any], Runnable[Any, AIMessage | str]], attempts: int, input_type: Any
    ) -> None:
        super().__init__("compare", input_type, Comparison)
        self._prompts = (prompts.compare, prompts.compare_again)[:attempts]
        self._model = model
        self._parser = PreferenceParser()
        self._reading = RunnableLambda(self._read, name="reading")

    def steps(self, given: Input) -> Talk[Comparison]:
        """Return the steps: prompt, model, reading, for each order and attempt."""
        pair = output_pair(given)
        straight = yield from self._asking(pair)
        swapped = yield from self._asking(pair.swapped)
        return Comparison(straight, turned(swapped))

    def get_graph(self, config: RunnableConfig | None = None) -> Graph:
        """Return the drawing of the chain."""
        del config
        graph = Graph()
        begin = graph.add_node(self.get_input_schema(), id="input")
        again = "the other order" if len(self._prompts) == 1 else "the other order, or nothing could be read"
        last = draw_asking(graph, begin, str(self.name), self._reading, again)
        graph.add_edge(last, graph.add_node(self.get_output_schema(), id="output"))
        return graph

    def _asking(self, pair: OutputPair) -> Talk[Preference | Unread]:
        kind = task_kind(pair.instruction, None).value
        variables = {**{name: getattr(pair, name) for name in FIELDS}, "kind": kind}
        found: Preference | Unread = Unread(Reason.EMPTY)
        for prompt in self._prompts:
            asked = yield "prompt", prompt, variables
            message = yield "model", self._model(None), asked
            found = yield "reading", self._reading, message
            if isinstance(found, Preference) or found.why == Reason.REFUSED_BY_PROVIDER:
                break
            variables = {**variables, "wrong": found.why}
        return found

    def _read(self, message: AIMessage | str) -> Preference | Unread:
        return self._parser.read(message_to_reply(message))


def output_pair(given: object) -> OutputPair:
    """Return the pair that a mapping means; raises `InputError` that says what was expected."""
    fields = {"input": "", **given} if isinstance(given, Mapping) else {}
    if all(isinstance(fields.get(name), str) for name in FIELDS) and fields["instruction"].strip():
        return OutputPair(*(fields[name] for name in FIELDS))
    raise InputError("the compare chain takes {'instruction': ..., 'input': ..., 'first': ..., 'second': ...}, all of it text.")


def turned(said: Preference | Unread) -> Preference | Unread:
    """Return what was said of the swapped pair as it stands for the pair itself."""
    return said if isinstance(said, Unread) else replace(said, winner=said.winner.swapped)

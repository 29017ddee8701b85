"""The stages as LangChain runnables: each usable on its own, in anybody's pipe, with any chat or completion model.

A chain asks what its `Stage` asks and gives what that decides, as a run does. A trace of it reads `classification > prompt,
model, reading`; its drawing shows the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeAlias

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig, RunnableGenerator, RunnableLambda
from langchain_core.runnables.config import ensure_config, patch_config
from langchain_core.runnables.graph import Graph, Node
from langchain_core.runnables.utils import Input, Output

from self_instruct.chains.models.replies import message_to_reply
from self_instruct.chains.stages.instructions import InstructionStage
from self_instruct.chains.stages.stage import S, Stage, Step
from self_instruct.ledger import RequestId, TaskId
from self_instruct.records.errors import InputError, RejectedError
from self_instruct.records.tasks import StageName, Task

OnRejection: TypeAlias = Literal["return", "raise"]
Model: TypeAlias = Callable[[Any], Runnable[Any, AIMessage | str]]
"""What asks about something: a stage's model with the parameters that fit."""
Ask: TypeAlias = tuple[str, Runnable[Any, Any], Any]
"""A step of a chain: its name in traces, what to invoke, and with what."""
Talk: TypeAlias = Generator[Ask, Any, Output]
"""The steps of one invocation, each given what the one before brought; returns the chain's output."""


class SteppedChain(Runnable[Input, Output]):
    """A runnable whose invocation is a `Talk`: the same steps whether it is invoked or awaited, each a span of the trace."""

    def __init__(self, name: str, input_type: Any, output_type: Any) -> None:
        self.name = name
        self._input_type, self._output_type = input_type, output_type

    @property
    def InputType(self) -> Any:  # noqa: N802  LangChain's name
        """What the chain takes; its schemas and drawings show it."""
        return self._input_type

    @property
    def OutputType(self) -> Any:  # noqa: N802  LangChain's name
        """What the chain gives."""
        return self._output_type

    def steps(self, given: Input) -> Talk[Output]:
        """Return the steps that this input takes."""
        raise NotImplementedError

    def invoke(self, input: Input, config: RunnableConfig | None = None, **kwargs: Any) -> Output:  # noqa: A002
        """Return the output; what a model raises is raised as it is. Raises `InputError` for parameters: a model takes them."""
        _refuse(kwargs)
        return self._call_with_config(self._walk, input, config)

    async def ainvoke(self, input: Input, config: RunnableConfig | None = None, **kwargs: Any) -> Output:  # noqa: A002
        """Return what `invoke` does."""
        _refuse(kwargs)
        return await self._acall_with_config(self._awalk, input, config)

    def _walk(self, given: Input, run_manager: Any, config: RunnableConfig) -> Output:
        talk, answer = self.steps(given), None
        while True:
            try:
                name, step, said = talk.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            answer = step.invoke(said, _inside(config, run_manager, name))

    async def _awalk(self, given: Input, run_manager: Any, config: RunnableConfig) -> Output:
        talk, answer = self.steps(given), None
        while True:
            try:
                name, step, said = talk.send(answer)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            answer = await step.ainvoke(said, _inside(config, run_manager, name))


class StageChain(SteppedChain[Input, Output], Generic[Input, Output, S]):
    """One stage as a runnable: it asks, reads, and asks again where nothing could be read and an attempt is left.

    `model` says who answers; what was refused is returned, or raised as `RejectedError` where nothing else came and
    `on_rejection` is "raise".
    """

    def __init__(self, stage: Stage[S], model: Model, on_rejection: OnRejection, input_type: Any, output_type: Any) -> None:
        super().__init__(stage.name, input_type, output_type)
        self.stage = stage
        self._model = model
        self._on_rejection = on_rejection
        self._reading = RunnableLambda(self._read, name="reading")

    def steps(self, given: Input) -> Talk[Output]:
        """Return the steps: prompt, model, reading, once for each attempt."""
        about = self.stage.about(given)
        step = yield from self.asking(about)
        return self._given_out(about, step)

    def asking(self, about: S) -> Talk[Step]:
        """Return the steps that lead to what is decided about something, over all attempts and votes."""
        request = RequestId(self.stage.name, 0)
        wrong: str | None = None
        so_far = Step()
        while True:
            variables = self.stage.variables(about, request) | ({"wrong": wrong} if wrong else {})
            prompt = yield "prompt", self.stage.prompt(about, request.attempt), variables
            message = yield "model", self._model(about), prompt
            step: Step = yield "reading", self._reading, _Answered(request, about, message)
            if step.wrong is None or step.again is None:
                so_far = _joined(so_far, step)
            if step.again is None:
                return so_far
            about = self.stage.about_again(_known(about, step), message_to_reply(message))
            request, wrong = step.again, step.wrong

    def get_graph(self, config: RunnableConfig | None = None) -> Graph:
        """Return the drawing of the chain."""
        del config
        graph = Graph()
        begin = graph.add_node(self.get_input_schema(), id="input")
        last = self.draw(graph, begin)
        graph.add_edge(last, graph.add_node(self.get_output_schema(), id="output"))
        return graph

    def draw(self, graph: Graph, begin: Node) -> Node:
        """Add the chain's steps to a drawing behind a node, and return the last one."""
        again = "nothing could be read" if self.stage.attempts > 1 else ""
        return draw_asking(graph, begin, self.stage.name, self._reading, again)

    def _read(self, answered: _Answered) -> Step:
        return self.stage.decide(answered.request, answered.about, message_to_reply(answered.message))

    def _given_out(self, about: S, step: Step) -> Output:
        if self._on_rejection == "raise" and step.rejections and not has_brought(step):
            raise RejectedError(step.rejections)
        return self.stage.result(about, step)  # type: ignore[no-any-return]


class FlaggingChain(StageChain[Input, Output, Task]):
    """The stage of instances as a runnable that gives the flags of each instance too, as verdicts behind all that was read."""

    def _given_out(self, about: Task, step: Step) -> Output:
        return [*super()._given_out(about, step), *step.verdicts]  # type: ignore[misc, return-value]


class InstructionChain(StageChain[Input, Output, tuple[str, ...]]):
    """The instructions stage as a runnable; with one attempt it gives tasks as they are read."""

    stage: InstructionStage

    def stream(self, input: Input, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Output]:  # noqa: A002
        """Yield lists of candidates and rejections, as they arrive where no second attempt can follow; else the whole list."""
        if self._streams:
            about = self.stage.about(input)
            yield from self._streaming(about).stream(self._shown(about), _named(config, self.name), **kwargs)
        else:
            yield self.invoke(input, config, **kwargs)

    async def astream(
        self,
        input: Input,  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Output]:
        """Yield lists of candidates and rejections, as they arrive where no second attempt can follow; else the whole list."""
        if self._streams:
            about = self.stage.about(input)
            stream = self._streaming(about).astream(self._shown(about), _named(config, self.name), **kwargs)
            async for part in stream:
                yield part
        else:
            yield await self.ainvoke(input, config, **kwargs)

    @property
    def _streams(self) -> bool:
        return self.stage.attempts == 1 and self._on_rejection == "return"

    def _shown(self, about: tuple[str, ...]) -> dict[str, Any]:
        return self.stage.variables(about, RequestId(self.stage.name, 0))

    def _streaming(self, about: tuple[str, ...]) -> Runnable[Any, Output]:
        def screened(parts: Iterator[Any]) -> Iterator[Any]:
            for part in parts:
                yield self.stage.screened(part, about)

        async def ascreened(parts: AsyncIterator[Any]) -> AsyncIterator[Any]:
            async for part in parts:
                yield self.stage.screened(part, about)

        screening = RunnableGenerator(screened, ascreened, name="screening")  # each part as it comes: a lambda waits for all
        return self.stage.prompt(about) | self._model(about) | self.stage.parser(about) | screening


class TaskChain(SteppedChain[Input, Task]):
    """From an instruction to a finished `Task`: the stages after the first, one after another."""

    def __init__(self, stages: list[StageChain[Any, Any, Task]], on_rejection: OnRejection, input_type: Any) -> None:
        super().__init__("task", input_type, Task)
        self._stages = stages
        self._on_rejection = on_rejection

    def steps(self, given: Input) -> Talk[Task]:
        """Return the steps: one for each stage that has something to ask about the task."""
        task = replace(self._stages[0].stage.about(given), is_classification=None, instances=(), rejections=(), verdicts=())
        for chain in self._stages:
            if chain.stage.first(TaskId(0, 0), task) is None:
                continue
            step: Step = yield chain.stage.name, _Asking(chain), task
            task = after(task, step)
            if step.is_last:
                break
        if self._on_rejection == "raise" and not task.instances:
            raise RejectedError(task.rejections)
        return task

    def get_graph(self, config: RunnableConfig | None = None) -> Graph:
        """Return the drawing of the chain, with the steps of every stage."""
        del config
        graph = Graph()
        node = graph.add_node(self.get_input_schema(), id="input")
        ends = []
        for chain in self._stages:
            node = chain.draw(graph, node)
            ends.append(node)
        task = graph.add_node(self.get_output_schema(), id="output")
        for chain, end in zip(self._stages, ends, strict=True):
            if chain.stage.name == StageName.CLASSIFICATION and end is not node:
                graph.add_edge(end, task, "neither yes nor no", conditional=True)
        graph.add_edge(node, task)
        return graph


class _Asking(SteppedChain[Task, Step]):
    """A stage's chain inside another: it gives the step itself."""

    def __init__(self, chain: StageChain[Any, Any, Task]) -> None:
        super().__init__(str(chain.name), Task, Step)
        self._chain = chain

    def steps(self, given: Task) -> Talk[Step]:
        return (yield from self._chain.asking(given))


@dataclass(frozen=True, slots=True)
class _Answered:
    """A question and the model's answer to it."""

    request: RequestId
    about: Any
    message: AIMessage | str


def draw_asking(graph: Graph, begin: Node, name: str, reading: Runnable[Any, Any], again: str) -> Node:
    """Draw prompt, model and reading behind a node, and return the last; `again` says when the prompt comes next, "" never."""
    prompt = graph.add_node(RunnableLambda(_same, name="prompt"), id=f"{name} prompt")
    model = graph.add_node(RunnableLambda(_same, name="model"), id=f"{name} model")
    read = graph.add_node(reading, id=f"{name} reading")
    for one, other in ((begin, prompt), (prompt, model), (model, read)):
        graph.add_edge(one, other)
    if again:
        graph.add_edge(read, prompt, again, conditional=True)
    return read


def after(task: Task, step: Step) -> Task:
    """Return a task as it stands after a step."""
    kind = task.is_classification if step.is_classification is None else step.is_classification
    instances, rejections = task.instances + step.instances, task.rejections + step.rejections
    return Task(task.instruction, kind, instances, rejections, task.verdicts + step.verdicts)


def _joined(so_far: Step, step: Step) -> Step:
    """Return what several questions about the same thing decide, of which this is the last."""
    kind = so_far.is_classification if step.is_classification is None else step.is_classification
    return replace(step, read=so_far.read + step.read, verdicts=so_far.verdicts + step.verdicts, is_classification=kind)


def _known(about: S, step: Step) -> S:
    """Return what the next question is about: a task whose kind a reply has shown to be another is one of that kind."""
    if isinstance(about, Task) and step.is_classification is not None:
        return replace(about, is_classification=step.is_classification)
    return about


def has_brought(step: Step) -> bool:
    """Return whether a reply brought anything but rejections."""
    return step.is_classification is not None or len(step.rejections) < len(step.read) or bool(step.verdicts)


def _refuse(parameters: Mapping[str, Any]) -> None:
    if parameters:
        raise InputError(f"a chain takes no {', '.join(sorted(parameters))}: bind that to its model.")


def _inside(config: RunnableConfig, run_manager: Any, name: str) -> RunnableConfig:
    return patch_config(config, callbacks=run_manager.get_child(), run_name=name)


def _named(config: RunnableConfig | None, name: str | None) -> RunnableConfig:
    config = ensure_config(config)
    return {**config, "run_name": config.get("run_name") or name or ""}


def _same(given: Any) -> Any:
    return given

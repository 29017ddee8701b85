"""The front door: a dataset from a model, in one call. The command line goes through it too."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeAlias

from langchain_core.runnables import RunnableConfig

from self_instruct.chains.models.answering import as_model
from self_instruct.chains.models.names import model_name_of
from self_instruct.chains.models.replies import Model
from self_instruct.chains.runs.generating import agenerate, generate
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.chains.runs.outcome import Ending, Outcome, Snapshot
from self_instruct.chains.runs.plan import RunPlan, names_model, open_with_models
from self_instruct.ledger import InStep, Ledger, tasks_with_instances
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.records.tasks import Task
from self_instruct.settings.dotted_keys import flatten
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings, section_key
from self_instruct.settings.settling import said_by


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended, and what it holds. `directory` is the run's; the same call goes on with it.

    `ending` says why it stopped ("done", "budget", "interrupted" ...), `sentence` says it to people.
    """

    directory: Path
    ending: Ending
    sentence: str

    @property
    def is_done(self) -> bool:
        """Whether the run has kept as many tasks as it was to."""
        return self.ending is Ending.DONE

    def tasks(self) -> Iterator[Task]:
        """Yield the finished tasks in the order of the pool: instances, what was refused, what is said of the instances."""
        with Ledger.open(self.directory, read_only=True) as ledger, ledger.snapshot():
            yield from finished_tasks(ledger)


@dataclass(frozen=True, slots=True)
class TaskKept:
    """An instruction that was kept; its kind and instances follow."""

    instruction: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The end of a run."""

    result: RunResult


RunEvent: TypeAlias = TaskKept | Snapshot | RunEnded
"""What happens in a run: a task is kept, replies have arrived (`Snapshot` says where the run stands), the run ends."""


class SelfInstruct:
    """Bootstraps an instruction-tuning dataset: from seed tasks, with a language model (Wang et al. 2023, arXiv:2212.10560).

    `model` is any LangChain chat or completion model, with fallbacks or whatever else around it, or a name as the setting
    `model` takes it ("openai:gpt-4.1-mini"). `models` gives stages ("instructions", "classification", "instances") one of their
    own. `model_name` is what the run calls `model`, where that is an object, or by stage what it calls each ("model" for the
    first); without it, their own names. No two objects may have one name. All other keywords are settings, by their names in
    docs/configuration.md: `num_instructions=100`, `profile="paper"`, `novelty={"threshold": "0.6"}`. Raises `SettingsError`.

    >>> result = SelfInstruct("offline", num_instructions=3).run(getfixture("tmp_path") / "run")
    >>> len([task.instruction for task in result.tasks()])
    3
    """

    def __init__(
        self,
        model: Model | str | None = None,
        *,
        models: Mapping[str, Model | str] | None = None,
        model_name: str | Mapping[str, str] | None = None,
        settings: Settings | None = None,
        **values: Any,
    ) -> None:
        said = flatten(values) if settings is None else said_by(settings) | flatten(values)
        names = {"model": model_name} if isinstance(model_name, str) else dict(model_name or {})
        given = {stage: _as_given(one) for stage, one in {"model": model, **(models or {})}.items() if one is not None}
        if unused := [stage for stage in names if isinstance(given.get(stage, ""), str)]:
            raise SettingsError(f"model_name names {unused[0]!r}, for which no model object is given; leave that out.")
        found: dict[str, Model | str] = {}
        for stage, one in given.items():
            key = "model" if stage == "model" else f"{section_key(stage)}.model"
            if key in said:
                raise SettingsError(f"{key} is {said[key]!r} in the settings, and a model is given too; leave one out.")
            if not isinstance(one, str) and (beside := _made_with(key, said)):
                raise SettingsError(f"{beside} is for a model that is named, and an object is given; leave one out.")
            said[key] = name = one if isinstance(one, str) else names.get(stage) or model_name_of(one)
            earlier = found.setdefault(name, one)
            if earlier is not one and not (isinstance(earlier, str) and isinstance(one, str)):
                raise SettingsError(f"two models are called {name!r}; name them apart, e.g. model_name={{{stage!r}: 'other'}}.")
        self._objects = {name: one for name, one in found.items() if not isinstance(one, str)}
        self._said = Layer.said(said, "SelfInstruct")
        self._must_name = True

    @classmethod
    def with_settings(cls, said: Layer) -> Self:
        """Return the front door with settings that carry where each was said, as the command line has them.

        Where they name no model, the offline stand-in answers a new run.
        """
        door = cls()
        door._said, door._must_name = said, False
        return door

    def open(self, directory: str | Path) -> OpenRun:
        """Return the run in a directory, begun there if there is none, open for asking; close it, or use it as a context.

        Raises `InputError` of every kind; then nothing has changed and no new run is there.
        """
        if self._must_name and not Ledger.exists(Path(directory)) and not names_model(self._said):
            raise SettingsError(
                "no model is given, and the settings name none; give one, or its name: SelfInstruct('openai:gpt-4.1-mini')."
            )
        return OpenRun(*open_with_models(Path(directory), self._said, self._objects))

    def run(
        self,
        directory: str | Path,
        *,
        on_progress: Callable[[Snapshot], None] | None = None,
        config: RunnableConfig | None = None,
    ) -> RunResult:
        """Return the result of the run in a directory, begun there or gone on with, once it has ended.

        `on_progress` is called with where the run stands, after every batch of replies. `config` is LangChain's: its callbacks
        see every request. Where an event loop runs already (a notebook, an async app) this raises `InputError`: use `arun`.
        """
        _check_no_loop()
        _check_listening(on_progress, config)
        with self.open(directory) as opened:
            return opened.result(opened.generate(Listener(on_progress, config=config)))

    async def arun(
        self,
        directory: str | Path,
        *,
        on_progress: Callable[[Snapshot], None] | None = None,
        config: RunnableConfig | None = None,
    ) -> RunResult:
        """Return what `run` does, in the event loop that runs already."""
        _check_listening(on_progress, config)
        with self.open(directory) as opened:
            return opened.result(await opened.agenerate(Listener(on_progress, config=config)))

    async def astream(self, directory: str | Path, *, config: RunnableConfig | None = None) -> AsyncIterator[RunEvent]:
        """Yield what happens in a run, and last `RunEnded`.

        Closing the iterator stops the run gently, and only then may another go on with it: who leaves the iteration early does
        so within `async with contextlib.aclosing(...astream(directory)) as events:`, since `break` alone closes nothing yet.
        """
        _check_listening(None, config)
        events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        with self.open(directory) as opened:
            listener = Listener(events.put_nowait, lambda task: events.put_nowait(TaskKept(task.instruction)), config=config)
            running = asyncio.ensure_future(opened.agenerate(listener))
            running.add_done_callback(lambda _: events.put_nowait(None))
            try:
                while (event := await events.get()) is not None:
                    yield event
                yield RunEnded(opened.result(running.result()))
            finally:
                if not running.done():
                    opened.stop()
                    with suppress(Exception):  # whoever left does not hear of it; what arrived is stored
                        await running


class OpenRun:
    """A run that is open for asking: its `ledger` and `plan`; `close` lets the next writer in."""

    def __init__(self, ledger: Ledger, plan: RunPlan, models: Mapping[str, Model]) -> None:
        self.ledger = ledger
        self.plan = plan
        self._models = models
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()

    def generate(self, listener: Listener = NOBODY) -> Outcome:
        """Return how the run ended; see `chains.runs.generating.generate`."""
        return generate(self.ledger, self.plan, self._models, listener)

    async def agenerate(self, listener: Listener = NOBODY) -> Outcome:
        """Return how the run ended; see `chains.runs.generating.agenerate`."""
        return await agenerate(self.ledger, self.plan, self._models, listener, self._stopped_by)

    def stop(self) -> None:
        """Send no more requests; `agenerate` returns when those under way are answered and stored."""
        self._stop()

    def result(self, outcome: Outcome) -> RunResult:
        """Return the result that a caller keeps."""
        return RunResult(self.ledger.path.parent, outcome.ending, outcome.sentence)

    def _stopped_by(self, stop: Callable[[], None]) -> None:
        self._stop = stop


def finished_tasks(ledger: Ledger) -> Iterator[Task]:
    """Yield a run's finished tasks, in the order of the pool."""
    rejections, verdicts = InStep(ledger.rejections()), InStep(ledger.verdicts())
    for task, instances in tasks_with_instances(ledger):
        if task.awaits is None:
            refused, said = rejections.of(task.id), verdicts.of(task.id)
            yield Task(task.instruction, task.is_classification, instances, refused, said)


def _as_given(model: object) -> Model | str:
    return model if isinstance(model, str) else as_model(model)


def _made_with(key: str, said: Mapping[str, Any]) -> str | None:
    """Return a setting that says how the model of this key is to be made, if there is one."""
    section = key.removesuffix("model")
    keys = (f"{section}base_url", f"{section}model_options")
    return next((each for each in said if each.startswith(keys)), None)


def _check_listening(on_progress: object, config: RunnableConfig | None) -> None:
    """Raise `InputError` for what would be passed over: a coroutine function, and a bound that a run has a setting for."""
    if inspect.iscoroutinefunction(on_progress):
        raise InputError("on_progress is called and not awaited; give a plain function, or iterate over `astream`.")
    if config and config.get("max_concurrency") is not None:
        raise InputError("max_concurrency is for batches; how many requests a run has in flight is its setting `concurrency`.")


def _check_no_loop() -> None:
    with suppress(RuntimeError):
        asyncio.get_running_loop()
        raise InputError("an event loop runs here (a notebook, an async app): use `await SelfInstruct(...).arun(...)`.")

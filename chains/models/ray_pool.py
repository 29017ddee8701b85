"""Ask a run's questions of a pool of Ray actors, each with models of its own, on this machine or on many.

In the place of `asking`, below a run's one layer of retries: the loop, the ledger and what is decided know nothing of it. Ray
finds a place for each actor, asks its cluster to grow where there is none, starts again what has died, and queues what an actor
is asked; here is only which of the actors that are there is asked: the one with least to do. A question whose actor dies is one
that time may cure, and so is asked again, of another.
"""

from __future__ import annotations

import asyncio
import math
import os
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from self_instruct.chains.models.loading import CONNECT_S
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.ray_actor import RayActor, Told
from self_instruct.chains.models.refused_parameters import LeftOut
from self_instruct.records.errors import ModelUnavailableError, SelfInstructError, SettingsError, to_install
from self_instruct.records.replies import Refusal, Reply
from self_instruct.settings.sections import ModelChoice, RaySettings
from self_instruct.settings.settings import Settings

LOCAL = "local"
STORE_BYTES = 128 * 2**20  # of a Ray of our own: questions and replies are small, and pass it by
LOST = "a lost actor"
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # a Ray of our own tells nobody of it
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # else Ray prints on standard output what we say too: which actor died, and how often
}


class RayPool:
    """Actors of Ray that answer questions; `close` ends them.

    `choices` say which model answers each stage, `seed` is the offline model's. What a model refuses in one actor is left out
    in all. `warn` is told a sentence when an actor is lost. Raises `SettingsError` where Ray is not installed or not reached.
    """

    def __init__(
        self,
        choices: Mapping[str, ModelChoice],
        seed: int,
        settings: RaySettings,
        left_out: LeftOut,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._left_out = left_out
        self._warn = warn
        self._ray = imported_ray()
        self._is_ours = connect(self._ray, settings)
        takes = {"num_cpus": settings.cpus, "num_gpus": settings.gpus, "max_concurrency": settings.slots}
        kind = self._ray.remote(**takes, max_restarts=-1)(RayActor)
        self._actors = [kind.remote(dict(choices), seed) for _ in range(settings.actors)]
        self._under_way = dict.fromkeys(self._actors, 0)
        self._ready: set[Any] = set()
        self._getting_ready: set[asyncio.Task[None]] = set()
        self._awaited: set[Any] = set()  # what they wait for, by Ray's references
        self._something_changed = asyncio.Event()
        self._fault: Exception | None = None
        self._has_begun = False

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return what an actor's model answers, once one is ready; see `Asker`."""
        self._begin()
        actor = await self._least_busy()
        self._under_way[actor] += 1
        try:
            told = await self._told(actor, question)
        finally:
            self._under_way[actor] -= 1
        for name, instead in told.left_out.items():
            self._left_out.add(question.model or "", name, instead)
        if isinstance(told.answer, SelfInstructError):
            raise told.answer
        return told.answer

    def close(self) -> None:
        """End the actors, and Ray where it is this run's own."""
        for task in self._getting_ready:
            task.cancel()
        for reference in self._awaited:
            self._ray.cancel(reference)
        if self._is_ours:
            self._ray.shutdown()  # and with it the actors
        else:
            for actor in self._actors:
                self._ray.kill(actor)

    def _begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            for actor in self._actors:
                self._get_ready(actor)

    async def _told(self, actor: Any, question: Question) -> Told:
        sent = replace(question, parameters=self._left_out.sent(question.model or "", question.parameters))
        reference = actor.answer.remote(sent)
        try:
            told: Told = await reference
        except asyncio.CancelledError:  # the try took too long, or the run stops
            self._ray.cancel(reference)
            raise
        except self._ray.exceptions.RayTaskError:
            raise  # a fault of our own, with the actor's traceback
        except self._ray.exceptions.RayError as error:
            self._lose(actor, type(error).__name__)
            raise ModelUnavailableError("the actor that was asked is gone", kind=LOST) from error
        return told

    def _lose(self, actor: Any, why: str) -> None:
        """Ask an actor no more until it is ready again; of its questions the first one notices."""
        if actor in self._ready:
            self._ready.remove(actor)
            self._warn(f"an actor of Ray is gone ({why}) and starts again; {len(self._ready)} of {len(self._actors)} are left")
            self._get_ready(actor)

    async def _least_busy(self) -> Any:
        while not self._ready:
            if self._fault:
                raise self._fault
            self._something_changed.clear()
            await self._something_changed.wait()
        return min(self._ready, key=self._under_way.__getitem__)

    def _get_ready(self, actor: Any) -> None:
        task = asyncio.ensure_future(self._until_ready(actor))
        self._getting_ready.add(task)
        task.add_done_callback(self._getting_ready.discard)

    async def _until_ready(self, actor: Any) -> None:
        """Let an actor be asked once it has a place and its models; Ray starts it again as often as it dies on the way."""
        reference = actor.ready.options(max_task_retries=-1).remote()
        self._awaited.add(reference)
        try:
            fault: Exception | None = await reference
        except self._ray.exceptions.RayTaskError as error:  # a fault of our own
            fault = error
        except self._ray.exceptions.RayError as error:  # Ray itself is gone: no wait would help
            fault = ModelUnavailableError(f"Ray is lost ({type(error).__name__})", kind=LOST, retry_after_s=math.inf)
        self._awaited.discard(reference)
        if fault is None:
            self._ready.add(actor)
        elif self._ready:  # else it ends the run, and is said then
            self._warn(f"an actor of Ray answers nothing: {fault}")
        self._fault = self._fault or fault
        self._something_changed.set()


def imported_ray() -> Any:
    """Return the package Ray; raises `SettingsError` where it is not installed."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise SettingsError(f"`ray`: Ray is not installed; leave it out, or {to_install('ray')}.") from None
    return ray


def check_for_ray(settings: Settings, objects: Collection[str]) -> None:
    """Raise `SettingsError` where a run's models cannot be in actors: made by the caller, or asked in batches."""
    if settings.batched_stages:
        raise SettingsError("`ray` and `batch` are both set: a provider's batch is asked by no actor; leave one out.")
    given = next((choice.model for choice in settings.choices.values() if choice.model in objects), None)
    if given:
        raise SettingsError(f"`ray`: the model {given!r} is an object of this process; name it, so that actors load it.")
    imported_ray()


def connect(ray: Any, settings: RaySettings) -> bool:
    """Connect to Ray, unless the caller is already, and return whether that is to be undone.

    Raises `SettingsError` where no Ray is reached.
    """
    if ray.is_initialized():
        return False
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if settings.address == LOCAL:
            cpus = max(os.cpu_count() or 1, math.ceil(settings.actors * settings.cpus))
            ray.init(address=LOCAL, num_cpus=cpus, include_dashboard=False, object_store_memory=STORE_BYTES, **quiet)
        else:
            _check_reached(str(settings.address))
            ray.init(address=settings.address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        words = str(error).strip().partition("\n")[0]
        raise SettingsError(f"`ray`: no Ray is reached at {settings.address!r} ({words}).") from error
    return True


def _check_reached(address: str) -> None:
    """Raise an `OSError` where nobody listens at HOST:PORT, of which Ray would convince itself for minutes."""
    place = urlsplit(address if "://" in address else f"//{address}")
    if place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), CONNECT_S).close()

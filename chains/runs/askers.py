"""Who answers questions, and how: models of this process or actors of Ray, with retries, at their pace, or in batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.in_process import is_in_process
from self_instruct.chains.models.loading import load_stages
from self_instruct.chains.models.names import asked_first
from self_instruct.chains.models.question import Asker
from self_instruct.chains.models.ray_pool import RayPool, check_for_ray
from self_instruct.chains.models.refused_parameters import LeftOut
from self_instruct.chains.models.replies import Model
from self_instruct.chains.models.retrying import RetryingAsker
from self_instruct.chains.runs.batching import Batching, has_open_batch
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.ledger import Ledger
from self_instruct.records.errors import SettingsError
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings

A_DAY_S = 86_400.0


def models_of(
    settings: Settings, choices: Mapping[str, ModelChoice], objects: Mapping[str, Model] | None = None
) -> dict[str, Model]:
    """Return the model of each stage; stages that chose the same share one. There is none where actors of Ray hold them.

    `objects` are models that are there already, by the names that the choices have for them. Raises `SettingsError` where one
    cannot be loaded.
    """
    if settings.ray.address is not None:
        check_for_ray(settings, objects or {})
        return {}
    return load_stages(choices, settings.seed, objects)


@contextmanager
def asker_of(
    ledger: Ledger,
    settings: Settings,
    choices: Mapping[str, ModelChoice],
    models: Mapping[str, Model],
    listener: Listener = NOBODY,
) -> Iterator[Asker]:
    """Give what answers the stages' questions, by `choices` where actors are to load the models, else by `models`.

    What the ledger says that a model refuses is left out. Actors end with the block. Raises `SettingsError` where Ray is not
    reached, and where it is told of what stays in this process: models, or the callbacks of the listener's `config`.
    """
    left_out, config = LeftOut.of(ledger, listener.on_warning), listener.config
    if settings.ray.address is None:
        yield ModelAsker(models, left_out, config)
        return
    if models:
        raise SettingsError("`ray`: models are given as objects of this process; name them, so that actors load them.")
    if config and config.get("callbacks"):
        raise SettingsError("`ray`: callbacks see nothing of what actors are asked; leave them or it out.")
    with closing(RayPool(choices, settings.seed, settings.ray, left_out, listener.on_warning)) as pool:
        yield pool


def retrying(asker: Asker, settings: Settings, **more: Any) -> RetryingAsker:
    """Return an asker with the retries, the patience and the slots that a run's settings say."""
    return RetryingAsker(
        asker, retries=settings.retries, timeout_s=settings.timeout_s, concurrency=settings.concurrency, **more
    )


def paced(settings: Settings, models: Mapping[str, Model]) -> Settings:
    """Return settings at the pace that the models allow: one that computes in this process answers one request at a time.

    Where all of them do, none is ever late: a try that was given up would go on computing, before the next one.
    """
    here = [is_in_process(asked_first(model)) for model in models.values()]
    if not any(here):
        return settings
    pace = {"concurrency": 1, **({"timeout_s": A_DAY_S} if all(here) else {})}
    return settings.model_copy(update=pace)


def batching_of(
    ledger: Ledger,
    settings: Settings,
    choices: Mapping[str, ModelChoice],
    models: Mapping[str, Model],
    stages: Collection[str],
    listener: Listener,
) -> Batching | None:
    """Return what asks `stages` in batches; None where there are none, and no open batch of an earlier start either."""
    if not stages and not has_open_batch(ledger):
        return None
    warn, say = listener.on_warning, listener.on_news
    return Batching(ledger, settings, models, choices=choices, stages=stages, warn=warn, say=say)

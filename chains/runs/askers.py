"""Who answers a run's questions: its models in this process, or actors of Ray that have loaded them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

from langchain_core.runnables import RunnableConfig

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.loading import load_stages
from self_instruct.chains.models.question import Asker
from self_instruct.chains.models.ray_pool import RayPool, check_for_ray
from self_instruct.chains.models.refused_parameters import LeftOut
from self_instruct.chains.models.replies import Model
from self_instruct.records.errors import SettingsError
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings


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
    settings: Settings,
    choices: Mapping[str, ModelChoice],
    models: Mapping[str, Model],
    left_out: LeftOut,
    warn: Callable[[str], None],
    config: RunnableConfig | None = None,
) -> Iterator[Asker]:
    """Give what answers the stages' questions, by `choices` where actors are to load the models, else by `models`.

    Actors end with the block; `warn` is told of those that are lost. Raises `SettingsError` where Ray is not reached, and where
    it is told of what stays in this process: models, or the callbacks of `config`.
    """
    if settings.ray.address is None:
        yield ModelAsker(models, left_out, config)
        return
    if models:
        raise SettingsError("`ray`: models are given as objects of this process; name them, so that actors load them.")
    if config and config.get("callbacks"):
        raise SettingsError("`ray`: callbacks see nothing of what actors are asked; leave them or it out.")
    with closing(RayPool(choices, settings.seed, settings.ray, left_out, warn)) as pool:
        yield pool

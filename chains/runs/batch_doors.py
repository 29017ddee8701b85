"""The doors to the batches of a run's models: those it asks now, and those that a batch of an earlier start was made with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from self_instruct.chains.models.batches import BatchDoor, batch_door
from self_instruct.chains.models.loading import load_model
from self_instruct.chains.models.refused_parameters import LeftOut
from self_instruct.chains.models.replies import Model
from self_instruct.ledger import StoredBatch
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings


class Doors:
    """Doors by stage, and by what a stored batch says of its model.

    `choices` say of each stage which model it asks, `models` are those that are loaded already.
    """

    def __init__(
        self, settings: Settings, choices: Mapping[str, ModelChoice], models: Mapping[str, Model], left_out: LeftOut
    ) -> None:
        self._parameters = _names_of_parameters(settings)
        self._choices = {stage: as_json_value(choice) for stage, choice in choices.items()}
        self._models = models
        self._left_out = left_out
        self._doors: list[tuple[dict[str, Any], BatchDoor]] = []

    def choice(self, stage: str) -> dict[str, Any]:
        """Return what a stage's model is called and how it is reached, as a batch stores it."""
        return self._choices[stage]

    def of_stage(self, stage: str) -> BatchDoor:
        """Return the door to the batches of a stage's model; raises `SettingsError` where it has none."""
        return self._of(self._choices[stage], self._models.get(stage))

    def of_batch(self, batch: StoredBatch) -> BatchDoor:
        """Return the door to a batch that is there; its model is loaded where the run asks another by now."""
        choice = dict(batch.model)
        stage = next((stage for stage, each in self._choices.items() if each == choice), None)
        return self._of(choice, self._models.get(stage) if stage else None)

    def _of(self, choice: dict[str, Any], model: Model | None) -> BatchDoor:
        found = next((door for known, door in self._doors if known == choice), None)
        if found is None:
            model = model or load_model(
                choice["name"] or "", base_url=choice["base_url"], options=choice["options"], client_retries=False
            )
            found = batch_door(model, choice["name"] or "", self._left_out, self._parameters)
            self._doors.append((choice, found))
        return found


def as_json_value(choice: ModelChoice) -> dict[str, Any]:
    """Return a choice of a model as a batch stores it."""
    from self_instruct.settings.frozen import thawed

    return {"name": choice.model, "base_url": choice.base_url, "options": thawed(dict(choice.options))}


def check_batched(settings: Settings, models: Mapping[str, Model]) -> None:
    """Raise `SettingsError` where a stage is to be asked in batches whose model cannot be."""
    for stage in sorted(settings.batched_stages & set(models)):
        batch_door(models[stage], settings.model_of(stage) or "", LeftOut(), ())


def _names_of_parameters(settings: Settings) -> frozenset[str]:
    names = {name for stage in settings.stage_names for name in settings.section(stage).parameters}
    return frozenset(names | set(settings.instances.classification_parameters))

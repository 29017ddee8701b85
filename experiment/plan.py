"""What an experiment is: a base model, conditions, training seeds and task sets; and the pieces that come of them.

A piece is one model, trained on one condition under one training seed, and measured on every task set. Each of its parts lies
in a folder that has the hash of all it rests on in its name: what is there is not made again, whatever else has changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from self_instruct.evaluation.encodings import Encoding
from self_instruct.evaluation.task_sets import TaskSet, digest
from self_instruct.experiment.conditions import DEFAULT, VANILLA
from self_instruct.records.errors import SettingsError
from self_instruct.training.recipe import Recipe

ANSWER_TOKENS = 256
_HASH_LENGTH = 12  # hexadecimal digits


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is compared with what. `rows` are conditions from elsewhere: a file that `train` reads, by its name.

    Every model is trained for the same number of steps: `recipe.max_steps`, or those that `recipe.epochs` takes over the seeds
    and all generated rows. Each is trained `seeds` times. Raises `SettingsError` for a number that makes no sense.
    """

    run: Path
    base: str
    out: Path
    conditions: tuple[str, ...] = DEFAULT
    rows: tuple[tuple[str, Path], ...] = ()
    seeds: int = 2
    recipe: Recipe = field(default_factory=Recipe)
    keep_models: bool = False

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise SettingsError(f"`seeds` is {self.seeds}; expected a number of 1 or more.")
        doubled = [name for name in self.conditions if self.conditions.count(name) > 1]
        if doubled:
            raise SettingsError(f"`conditions` names {doubled[0]} twice.")


@dataclass(frozen=True, slots=True)
class TaskSets:
    """What the models are asked: task sets by their names, and how. Answers are greedy, without a stop."""

    sets: Mapping[str, TaskSet]
    encoding: Encoding = "self-instruct"
    answer_tokens: int = ANSWER_TOKENS
    batch_size: int = 16

    def key(self, named: str) -> str:
        """Return the hash of all that a task set's answers rest on, but for the model."""
        return short_hash([digest(self.sets[named]), self.encoding, self.answer_tokens])


@dataclass(frozen=True, slots=True)
class Piece:
    """One model: a condition's rows under one training seed. `rows` and `recipe` are None where nothing is trained."""

    condition: str
    base: str
    base_hash: str
    rows: Path | None = None
    rows_hash: str = ""
    recipe: Recipe | None = None

    @property
    def name(self) -> str:
        """A name that is its own: condition, training seed, and the hash of all it rests on."""
        if self.recipe is None:
            return f"{self.condition}-{self.base_hash[:_HASH_LENGTH]}"
        key = short_hash([self.base_hash, self.rows_hash, {**asdict(self.recipe), "learning_rate": self.recipe.rate}])
        return f"{self.condition}-seed{self.recipe.seed}-{key}"

    def model(self, out: Path) -> str:
        """Return where the model is: the base, or the folder that it is trained into."""
        return self.base if self.recipe is None else str(out / "models" / self.name)

    def answers(self, out: Path, named: str, tasks: TaskSets) -> Path:
        """Return the folder for what the model says to a task set."""
        return out / "answers" / f"{self.name}-{tasks.key(named)}"


def pieces(condition: str, base: str, base_hash: str, rows: Path, recipe: Recipe, seeds: int) -> Sequence[Piece]:
    """Return the pieces of a condition: one for each training seed, and one alone where nothing is trained."""
    if condition == VANILLA:
        return [Piece(condition, base, base_hash)]
    rows_hash = sha256(rows.read_bytes()).hexdigest()
    return [Piece(condition, base, base_hash, rows, rows_hash, replace(recipe, seed=seed)) for seed in range(seeds)]


def short_hash(facts: object) -> str:
    """Return the beginning of the SHA-256 of JSON values."""
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:_HASH_LENGTH]

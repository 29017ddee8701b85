"""The sections of what brings instructions beside the paper's own way (docs/proposers.md), and of what tags them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt

from self_instruct.records.tasks import Proposer
from self_instruct.settings.frozen import frozen
from self_instruct.settings.sections import DECIDED, SAMPLED, ModelSettings, Parameters, distinct

Operator = Literal["constraints", "deepen", "concretize", "reasoning", "complicate", "breadth"]
"""What is done to an instruction: five ways to make it harder, and one to go to another."""
OPERATORS: tuple[Operator, ...] = ("constraints", "deepen", "concretize", "reasoning", "complicate", "breadth")

ChatFormName = Literal["chatml", "gemma", "llama-3", "mistral", "phi-3", "zephyr"]
"""The chat templates that are known (`prompts.chat_forms`)."""
FREELY_SAMPLED: Mapping[str, Any] = frozen({"temperature": 1, "max_tokens": 256})

Shares = Annotated[Mapping[Proposer, PositiveFloat], AfterValidator(frozen)]
"""Who brings instructions, each with its weight."""


class EvolveSettings(ModelSettings):
    """Evol-Instruct (Xu et al. 2023, arXiv:2304.12244): an instruction of the pool is written again, harder or otherwise."""

    parameters: Parameters = Field(default_factory=lambda: SAMPLED)
    """Passed to the model with every request; null leaves out one that the profile sets."""
    operators: Annotated[tuple[Operator, ...], Field(min_length=1), AfterValidator(distinct)] = OPERATORS
    """What may be done to an instruction; one is drawn for each request."""
    max_depth: PositiveInt = 4
    """How many evolutions may lie between an instruction and one that nobody evolved; the paper's rounds."""
    elimination: Literal["words", "model"] = "words"
    """Who says that an evolution asks for nothing more than its parent: its words, or also the same model, asked once more."""
    elimination_parameters: Parameters = Field(default_factory=lambda: DECIDED)
    """Passed to the model with that question."""


class BackTranslateSettings(ModelSettings):
    """Instruction back-translation (Li et al. 2023, arXiv:2308.06259): for each of a user's texts, the request it answers."""

    parameters: Parameters = Field(default_factory=lambda: SAMPLED)
    """Passed to the model with every request; null leaves out one that the profile sets."""
    texts: str | None = None
    """A file of texts: parted by empty lines, or in a .jsonl file one a line, as a JSON string or an object's `text`."""


class MagpieSettings(ModelSettings):
    """Magpie (Xu et al. 2024, arXiv:2406.08464): a completion model writes the user's turn of its own chat template."""

    parameters: Parameters = Field(default_factory=lambda: FREELY_SAMPLED)
    """Passed to the model with every request; where they hold no `stop`, that is the end of the user's turn."""
    template: ChatFormName | None = None
    """The chat template of the model."""
    user_start: str | None = None
    """Of a template that is none of these: what stands before what a user says, from the beginning of the text."""
    user_end: str = ""
    """And what stands behind it."""


class TaggingSettings(ModelSettings):
    """Which kind of task an instruction is, by a model, where its words do not tell (by default the one that classifies)."""

    enabled: bool = False
    """Let a run that steers ask that of each task it keeps; false: a task that its words do not tell counts for no cell."""
    parameters: Parameters = Field(default_factory=lambda: DECIDED)
    """Passed to the model with every request; null leaves out one that the profile sets."""

"""How a model is trained: the settings that decide what comes out. Defaults follow the paper where it says (two epochs)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from self_instruct.records.errors import SettingsError

Method: TypeAlias = Literal["lora", "full"]
Form: TypeAlias = Literal["auto", "text", "chat"]
LEARNING_RATES: dict[Method, float] = {"lora": 2e-4, "full": 2e-5}


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training.

    `form` says whether rows become texts or conversations; `auto` is chat where the tokenizer has a chat template. `epochs` may
    be a part of one; `max_steps`, where given, decides in their place. `max_length` is in tokens: a longer row is left out,
    since one that is cut would teach not to end. `learning_rate` is `LEARNING_RATES` of the method where None.
    `cut_vocabulary` scores only a part of a large vocabulary while it trains (`training.vocabulary`), with LoRA alone.
    Raises `SettingsError` for what makes no sense.
    """

    method: Method = "lora"
    form: Form = "auto"
    epochs: float = 2.0
    max_steps: int | None = None
    batch_size: int = 8
    learning_rate: float | None = None
    max_length: int = 1024
    lora_rank: int = 16
    seed: int = 0
    cut_vocabulary: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "max_steps", "batch_size", "learning_rate", "max_length", "lora_rank"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise SettingsError(f"`{name}` is {value}; expected a number above 0.")
        if self.cut_vocabulary and self.method != "lora":
            raise SettingsError("`cut_vocabulary` is for LoRA alone: training all weights needs all of them there.")

    @property
    def rate(self) -> float:
        """The highest learning rate."""
        return LEARNING_RATES[self.method] if self.learning_rate is None else self.learning_rate

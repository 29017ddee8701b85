"""Train a model on rows with TRL's supervised fine-tuning, in this process. Needs the extra `train`.

Between an export and an evaluation. A killed training goes on from its last whole checkpoint, and ends with the weights of an
undisturbed one on the same machine.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from statistics import fmean
from typing import Any

from self_instruct.ledger.lock import RunLock
from self_instruct.training.base_models import NEEDED, BaseModel
from self_instruct.training.examples import NOT_LEARNED, Example, examples
from self_instruct.training.outputs import ADAPTER, CHECKPOINTS, WHOLE, Trained, TrainingPlan, begin, conclude, last_checkpoint
from self_instruct.training.recipe import Recipe
from self_instruct.training.rows import TrainingData
from self_instruct.training.vocabulary import scored_tokens, scoring_only

MOST_LOSSES = 200  # points of the curve on the card
SAVE_STEPS = 50
_WARMUP = 0.03  # of all steps


@dataclass(frozen=True, slots=True)
class TrainingSnapshot:
    """Where a training stands: steps since it was first begun, the last one's loss, tokens a second of this process."""

    step: int
    steps: int
    loss: float
    tokens_per_s: float
    seconds_left: float


def train(
    data: TrainingData,
    base: str,
    out: Path,
    recipe: Recipe | None = None,
    *,
    save_steps: int = SAVE_STEPS,
    on_loading: Callable[[], None] = lambda: None,
    on_progress: Callable[[TrainingSnapshot], None] = lambda _: None,
) -> Trained:
    """Return what came of training a base model on rows, begun in the folder `out` or gone on with there.

    `out` then holds the whole model, with an adapter merged into it. Every `save_steps` steps a checkpoint is written.
    `on_loading` is called before the model is loaded, which may take a minute. Raises `InputError` where the model cannot be
    loaded, the rows do not fit it, or `out` holds something else.
    """
    recipe, model = recipe or Recipe(), BaseModel(base)
    plan = TrainingPlan(data, base, model.fingerprint(), recipe)
    done = begin(out, plan)
    if done:
        return done
    lock = RunLock(out)
    try:
        on_loading()
        trained = _Training(out, plan, model, save_steps, on_progress).run()
        conclude(out, plan, trained)
    finally:
        lock.release()
    return trained


class _Training:
    """One process's part of a training: from loading the model to saving it."""

    def __init__(
        self, out: Path, plan: TrainingPlan, base: BaseModel, save_steps: int, on_progress: Callable[[TrainingSnapshot], None]
    ) -> None:
        self._out = out
        self._recipe = plan.recipe
        self._save_steps = save_steps
        self._on_progress = on_progress
        _quieten()
        self._tokenizer, self._model = base.load()
        self._examples = examples(plan.data.rows, self._tokenizer, self._recipe)

    def run(self) -> Trained:
        """Train and save the model; return what came of it."""
        checkpoint = last_checkpoint(self._out)
        with self._scored() as tokens:
            trainer, pace = self._trainer(tokens)
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        self._save(trainer.model)
        return self._trained(trainer, pace)

    @contextmanager
    def _scored(self) -> Iterator[Mapping[int, int] | None]:
        """Give the places of the tokens that are scored, None where it is all of them in their order."""
        if not self._recipe.cut_vocabulary:
            yield None
            return
        tokens = scored_tokens(self._examples.kept, self._model.get_output_embeddings().out_features)
        with scoring_only(self._model, tokens):
            yield tokens

    def _trainer(self, tokens: Mapping[int, int] | None) -> tuple[Any, _Pace]:
        from transformers import PrinterCallback
        from trl import SFTTrainer

        kept = self._examples.kept
        pace = _Pace(fmean(len(one.tokens) for one in kept) * self._recipe.batch_size, self._on_progress)
        trainer = SFTTrainer(
            model=self._model,
            args=_arguments(self._out, self._recipe, self._save_steps),
            train_dataset=_dataset(kept, tokens),
            processing_class=self._tokenizer,
            peft_config=_lora(self._recipe) if self._recipe.method == "lora" else None,
            callbacks=[_callback(pace)],
        )
        trainer.remove_callback(PrinterCallback)
        return trainer, pace

    def _save(self, model: Any) -> None:
        if self._recipe.method == "lora":
            model.save_pretrained(self._out / ADAPTER)
            model = model.merge_and_unload()
        if model.generation_config.eos_token_id is None:
            model.generation_config.eos_token_id = self._tokenizer.eos_token_id
        model.config.use_cache = True  # training switched it off
        model.save_pretrained(self._out)
        self._tokenizer.save_pretrained(self._out)

    def _trained(self, trainer: Any, pace: _Pace) -> Trained:
        losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
        tenth = max(1, len(losses) // 10)
        return Trained(
            steps=trainer.state.global_step, rows=len(self._examples.kept), too_long=self._examples.too_long,
            is_chat=self._examples.is_chat, first_loss=round(fmean(losses[:tenth]), 4),
            last_loss=round(fmean(losses[-tenth:]), 4), losses=tuple(thinned(losses, MOST_LOSSES)),
            tokens_per_s=round(pace.tokens_per_s, 1), seconds=round(pace.seconds, 1), peak_mib=_peak_mib(),
            device=str(trainer.args.device), packages={name: version(name) for name in NEEDED},
            tokens=round(pace.tokens_a_step * trainer.state.global_step),
        )  # fmt: skip


class _Pace:
    """How fast this process trains. `tokens_a_step` is the mean, without padding."""

    def __init__(self, tokens_a_step: float, on_progress: Callable[[TrainingSnapshot], None]) -> None:
        self.tokens_a_step = tokens_a_step
        self._on_progress = on_progress
        self._began_s = time.monotonic()
        self._first_step = self._step = 0
        self.seconds = 0.0

    @property
    def tokens_per_s(self) -> float:
        """Tokens a second, asked and learned."""
        return (self._step - self._first_step) * self.tokens_a_step / self.seconds if self.seconds else 0.0

    def begin(self, step: int) -> None:
        """Count from this step on."""
        self._began_s, self._first_step, self._step = time.monotonic(), step, step

    def log(self, step: int, steps: int, loss: float) -> None:
        """Tell of a step that is done."""
        self._step, self.seconds = step, time.monotonic() - self._began_s
        a_step = self.seconds / max(1, step - self._first_step)
        self._on_progress(TrainingSnapshot(step, steps, loss, self.tokens_per_s, a_step * (steps - step)))


def thinned(values: Sequence[float], most: int) -> list[float]:
    """Return at most so many means of neighbours.

    >>> thinned([1.0, 3.0, 5.0], 2)
    [2.0, 5.0]
    """
    width = -(-len(values) // most)
    ends = list(accumulate([width] * (len(values) // width)))
    return [round(fmean(values[start : start + width]), 4) for start in [0, *ends] if start < len(values)]


def _callback(pace: _Pace) -> Any:
    from transformers import TrainerCallback

    class Following(TrainerCallback):  # type: ignore[misc]  # a class of a package that need not be installed
        """Tells the pace of every step, and marks a checkpoint when it is whole."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            del args, control
            pace.begin(state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any) -> None:
            del args, control
            if "loss" in logs:
                pace.log(state.global_step, state.max_steps, logs["loss"])

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            del control
            Path(args.output_dir, f"checkpoint-{state.global_step}", WHOLE).touch()

    return Following()


def _arguments(out: Path, recipe: Recipe, save_steps: int) -> Any:
    import torch
    from trl import SFTConfig

    has_cuda = torch.cuda.is_available()
    return SFTConfig(
        output_dir=str(out / CHECKPOINTS),
        num_train_epochs=recipe.epochs,
        max_steps=recipe.max_steps or -1,
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=recipe.rate,
        lr_scheduler_type="linear",
        warmup_steps=_WARMUP,
        max_length=recipe.max_length,
        seed=recipe.seed,
        use_cpu=not has_cuda,
        bf16=torch.cuda.is_bf16_supported() if has_cuda else _has_bfloat16(),
        gradient_checkpointing=False,
        logging_steps=1,
        save_steps=save_steps,
        save_total_limit=2,
        disable_tqdm=True,
        report_to=[],
        dataloader_pin_memory=has_cuda,
    )


def _has_bfloat16() -> bool:
    """Return whether this processor multiplies in bfloat16; without that it is slower than single precision."""
    import torch

    known = torch.backends.cpu.get_cpu_capability()
    return bool(known.startswith("AVX512") and torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001  as torch asks


def _lora(recipe: Recipe) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=recipe.lora_rank,
        lora_alpha=2 * recipe.lora_rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def _dataset(kept: Sequence[Example], places: Mapping[int, int] | None) -> Any:
    from datasets import Dataset

    labels = [one.labels if places is None else [places.get(token, NOT_LEARNED) for token in one.labels] for one in kept]
    return Dataset.from_dict({"input_ids": [list(one.tokens) for one in kept], "labels": labels})


def _quieten() -> None:
    """Let the libraries say only what is an error: how the training goes is told by us."""
    import datasets
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    datasets.disable_progress_bars()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    for name in ("trl", "peft", "accelerate"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _peak_mib() -> int:
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated()) // 2**20
    from resource import RUSAGE_SELF, getrusage

    return getrusage(RUSAGE_SELF).ru_maxrss // 2**10  # KiB on Linux

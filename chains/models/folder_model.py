"""A model in this process, from a folder (or GGUF file) as `transformers` writes and reads it: `transformers:DIR`.

Answers a text with a text, as a fine-tuned language model does; questions that wait together are answered as one batch. It also
says how likely it finds a text. Needs torch and transformers, which come with the extra `train`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from threading import Lock
from typing import Any, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseLLM
from langchain_core.outputs import Generation, LLMResult
from pydantic import PositiveInt, PrivateAttr, model_validator

from self_instruct.records.errors import InputError, to_install

MOST_TOKENS = 1024  # of an answer, where nobody says
_NEEDED = ("torch", "transformers")
_WORDS = "The capital of France is a large city on a river."


class FolderModel(BaseLLM):
    """A causal language model of a local folder.

    `model` is the folder, a GGUF file in one, or a folder of adapters beside their base. `is_chat` puts each prompt into the
    tokenizer's chat template as what the user says. `batch_size` is how many questions are answered at once.
    """

    model: str
    is_chat: bool = False
    batch_size: PositiveInt = 16
    _batches: _Batches = PrivateAttr()
    _lock: Lock = PrivateAttr(default_factory=Lock)
    _loaded: tuple[Any, Any] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _is_there(self) -> Self:
        path = Path(self.model)
        if not path.exists():
            raise ValueError(f"there is no folder or GGUF file {self.model}")
        if missing := [name for name in _NEEDED if find_spec(name) is None]:
            raise ImportError(f"needs {' and '.join(missing)}: {to_install('train')}.")
        self._batches = _Batches(self._answers, self.batch_size)
        return self

    @property
    def _llm_type(self) -> str:
        return "transformers-folder"

    def log_likelihoods(self, prompt: str, completion: str) -> list[float]:
        """Return the natural logarithm of the likelihood of each token of a completion, given the prompt and those before."""
        import torch

        with self._lock, torch.inference_mode():
            tokenizer, model = self._parts()
            before = tokenizer(self._framed(prompt), add_special_tokens=not self.is_chat).input_ids
            asked = tokenizer(completion, add_special_tokens=False).input_ids
            tokens = torch.tensor([before + asked], device=model.device)
            logits = model(tokens, **_only_last(model, len(asked) + 1)).logits[0, -len(asked) - 1 : -1]
            found = torch.log_softmax(logits.float(), dim=-1)[range(len(asked)), asked]
            return [round(each, 6) for each in found.tolist()]

    def _generate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        del run_manager
        return _result(self._answers(prompts, _Decoding.of(stop, kwargs)))

    async def _agenerate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        del run_manager
        decoding = _Decoding.of(stop, kwargs)
        return _result(await asyncio.gather(*(self._batches.answer(prompt, decoding) for prompt in prompts)))

    def _answers(self, prompts: Sequence[str], decoding: _Decoding) -> list[_Answered]:
        """Return the answers to some prompts, as one batch."""
        import torch

        with self._lock, torch.inference_mode():
            tokenizer, model = self._parts()
            asked = tokenizer(
                [self._framed(prompt) for prompt in prompts],
                return_tensors="pt",
                padding=True,
                add_special_tokens=not self.is_chat,
            ).to(model.device)
            lengths, width = asked.attention_mask.sum(dim=1).tolist(), asked.input_ids.shape[1]
            written = model.generate(
                **asked, **decoding.options(), pad_token_id=tokenizer.pad_token_id,
                stopping_criteria=[_stopping(tokenizer, width, decoding.stop)] if decoding.stop else [],
                logits_processor=[_penalizing(width, decoding)] if decoding.is_penalized else [],
                return_dict_in_generate=True, output_logits=decoding.logprobs > 0,
            )  # fmt: skip
            ends = _end_tokens(model)
            begun = _likeliest(tokenizer, written.logits[0], decoding.logprobs) if decoding.logprobs else [None] * len(lengths)
            rows = zip(lengths, written.sequences[:, width:].tolist(), begun, strict=True)
            return [
                replace(_answered(tokenizer, tokens, ends, length, decoding), begun=first) for length, tokens, first in rows
            ]

    def _framed(self, prompt: str) -> str:
        if not self.is_chat:
            return prompt
        tokenizer, _ = self._parts()
        turn = [{"role": "user", "content": prompt}]
        framed: str = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        return framed

    def _parts(self) -> tuple[Any, Any]:
        """Return the tokenizer and the model, loaded once."""
        if self._loaded is None:
            self._loaded = _load(Path(self.model))
        return self._loaded


@dataclass(frozen=True, slots=True)
class _Decoding:
    """How an answer is drawn, by the names and the meaning that OpenAI's protocol gives them."""

    stop: tuple[str, ...] = ()
    max_tokens: int = MOST_TOKENS
    temperature: float = 0
    top_p: float = 1
    presence_penalty: float = 0
    frequency_penalty: float = 0
    logprobs: int = 0

    @classmethod
    def of(cls, stop: Sequence[str] | None, parameters: Mapping[str, Any]) -> _Decoding:
        if unknown := sorted(parameters.keys() - set(cls.__slots__)):
            raise TypeError(f"got an unexpected keyword argument {unknown[0]!r}")
        return cls(tuple(stop or ()), **parameters)

    @property
    def is_penalized(self) -> bool:
        """Whether what was written already is to be written less."""
        return bool(self.presence_penalty or self.frequency_penalty)

    def options(self) -> dict[str, Any]:
        """Return it as transformers' `generate` takes it; its own 50 most likely tokens are not what was asked for."""
        if not self.temperature:
            return {"max_new_tokens": self.max_tokens, "do_sample": False}
        drawn = {"do_sample": True, "temperature": self.temperature, "top_p": self.top_p, "top_k": 0}
        return {"max_new_tokens": self.max_tokens, **drawn}


@dataclass(frozen=True, slots=True)
class _Answered:
    text: str
    finish_reason: str
    input_tokens: int
    output_tokens: int
    begun: Mapping[str, float] | None = None  # the likeliest first tokens with the logarithms of their probabilities


class _Batches:
    """Lets questions that wait at the same time be answered together."""

    def __init__(self, answers: Any, size: int) -> None:
        self._answers = answers
        self._size = size
        self._waiting: deque[tuple[str, _Decoding, asyncio.Future[_Answered]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def answer(self, prompt: str, decoding: _Decoding) -> _Answered:
        """Return the answer to one prompt."""
        answered: asyncio.Future[_Answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((prompt, decoding, answered))
        if self._running is None or self._running.done():
            self._running = asyncio.ensure_future(self._run())
        return await answered

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(0.01)  # for those that are sent together
            batch = self._next()
            try:
                found = await asyncio.to_thread(self._answers, [prompt for prompt, *_ in batch], batch[0][1])
            except Exception as error:  # noqa: BLE001  raised by whoever waits
                for *_, answered in batch:
                    if not answered.done():
                        answered.set_exception(error)
                continue
            for (*_, answered), each in zip(batch, found, strict=True):
                if not answered.done():  # nobody waits any more
                    answered.set_result(each)

    def _next(self) -> list[tuple[str, _Decoding, asyncio.Future[_Answered]]]:
        """Take the questions that begin the queue and are to be decoded alike."""
        batch = [self._waiting.popleft()]
        while self._waiting and len(batch) < self._size and self._waiting[0][1] == batch[0][1]:
            batch.append(self._waiting.popleft())
        return batch


def _load(path: Path) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    where: dict[str, Any] = {"gguf_file": path.name} if path.is_file() else {}
    folder = str(path.parent if path.is_file() else path)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", **where)
    if path.is_file():
        check_splits_into_words(path, tokenizer)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto" if device == "cuda" else torch.float32, **where)
    return tokenizer, model.to(device).eval()


def check_splits_into_words(gguf: Path, tokenizer: Any) -> None:
    """Raise `InputError` where a GGUF file's tokenizer makes a token of each letter: transformers 5.17 loses its merges."""
    if len(tokenizer(_WORDS, add_special_tokens=False).input_ids) >= len(_WORDS):
        from transformers import __version__

        raise InputError(
            f"{gguf}: transformers {__version__} reads its tokenizer as one of single letters; a newer version reads it right,"
            " or a folder with the model's own tokenizer.json."
        )


def _only_last(model: Any, tokens: int) -> dict[str, int]:
    """Return what spares a model the scores of all but the last tokens: with a large vocabulary most of the work."""
    return {"logits_to_keep": tokens} if "logits_to_keep" in signature(model.forward).parameters else {}


def _stopping(tokenizer: Any, width: int, stop: Sequence[str]) -> Callable[..., Any]:
    """Return what says of each row of a batch whether it just wrote a text that stops it, behind a prompt of `width` tokens."""
    import torch

    tail = 2 * max(map(len, stop))  # tokens; a character may take several

    def is_stopped(written: Any, *_: object, **__: object) -> Any:
        texts = tokenizer.batch_decode(written[:, max(width, written.shape[1] - tail) :], skip_special_tokens=True)
        return torch.tensor([any(each in text for each in stop) for text in texts], device=written.device)

    return is_stopped


def _penalizing(width: int, decoding: _Decoding) -> Callable[..., Any]:
    """Return what lowers the score of each token that a row wrote already: once, and for each time that it did."""
    import torch

    def penalized(written: Any, scores: Any) -> Any:
        new = written[:, width:]
        times = torch.zeros_like(scores).scatter_add_(1, new, torch.ones_like(new, dtype=scores.dtype))
        return scores - decoding.presence_penalty * (times > 0) - decoding.frequency_penalty * times

    return penalized


def _likeliest(tokenizer: Any, logits: Any, count: int) -> list[Mapping[str, float]]:
    """Return for each row of a batch its likeliest first tokens, before any penalty."""
    import torch

    found = torch.log_softmax(logits.float(), dim=-1).topk(count)
    rows = zip(found.values.tolist(), found.indices.tolist(), strict=True)
    return [{tokenizer.decode([token]): log for log, token in zip(logs, tokens, strict=True)} for logs, tokens in rows]


def _end_tokens(model: Any) -> frozenset[int]:
    found = model.generation_config.eos_token_id
    return frozenset(found if isinstance(found, list) else [] if found is None else [found])


def _answered(tokenizer: Any, tokens: Sequence[int], ends: frozenset[int], asked: int, decoding: _Decoding) -> _Answered:
    """Return an answer up to its end token or a text that stops it; what follows is padding."""
    length = next((at for at, token in enumerate(tokens) if token in ends), len(tokens))
    text = str(tokenizer.decode(tokens[:length], skip_special_tokens=True))
    at = min((found for each in decoding.stop if (found := text.find(each)) >= 0), default=-1)
    is_cut_off = at < 0 and length == len(tokens) == decoding.max_tokens
    return _Answered(text[:at] if at >= 0 else text, "length" if is_cut_off else "stop", asked, min(length + 1, len(tokens)))


def _about(one: _Answered) -> dict[str, Any]:
    """Return how an answer ended and began, as OpenAI's completions tell it."""
    told = {} if one.begun is None else {"logprobs": {"top_logprobs": [dict(one.begun)]}}
    return {"finish_reason": one.finish_reason, **told}


def _result(answered: Sequence[_Answered]) -> LLMResult:
    generations = [[Generation(text=one.text, generation_info=_about(one))] for one in answered]
    asked, written = sum(one.input_tokens for one in answered), sum(one.output_tokens for one in answered)
    return LLMResult(
        generations=generations, llm_output={"token_usage": {"prompt_tokens": asked, "completion_tokens": written}}
    )

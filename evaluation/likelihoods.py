"""How likely a model finds the references: free of length and of stopping, and so far more sensitive than ROUGE-L.

Asked like any other question, and kept in the ledger as the log-likelihoods of the first reference's tokens. Two kinds of model
give them: one in this process (`log_likelihoods`), and a server of OpenAI's completion protocol that echoes the prompt with
log-probabilities, as vLLM does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from langchain_core.language_models import BaseLLM
from langchain_core.prompt_values import StringPromptValue

from self_instruct.chains.models.asking import refusal
from self_instruct.chains.models.provider_errors import explained
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.replies import Model
from self_instruct.evaluation.encodings import Encoding, encoded
from self_instruct.evaluation.plan import LIKELIHOOD, EvaluationPlan
from self_instruct.evaluation.task_sets import TaskInstance
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.errors import ModelRefusedError, SettingsError
from self_instruct.records.replies import Refusal, Reply, Usage

_ECHO: dict[str, Any] = {"echo": True, "logprobs": 1, "max_tokens": 1, "temperature": 0}
_NOT_GIVEN = (
    "the model gives no log-likelihood of a text; ask a folder in this process (transformers:DIR), or a server that echoes"
    " prompts with log-probabilities, such as vLLM's completions."
)


@runtime_checkable
class GivesLikelihoods(Protocol):
    """A model in this process that says how likely it finds a text."""

    def log_likelihoods(self, prompt: str, completion: str) -> list[float]:
        """Return the natural logarithm of the likelihood of each token of a completion, given what is before it."""
        ...


def likelihood_questions(plan: EvaluationPlan) -> Iterator[Question]:
    """Yield a question for each instance: its prompt, with its first reference as the completion."""
    for number, one in enumerate(plan.tasks):
        text = "".join(prompt_and_completion(one, plan.encoding))
        yield Question(RequestId(LIKELIHOOD, number), StringPromptValue(text=text), {"max_tokens": 1}, plan.model)


def prompt_and_completion(instance: TaskInstance, encoding: Encoding) -> tuple[str, str]:
    """Return an instance's prompt, and its first reference as it would go on from there: behind a space, as when trained on."""
    prompt = encoded(instance.instruction, instance.input, encoding)
    space = "" if prompt[-1:].isspace() else " "
    return prompt, space + instance.references[0].strip()


def stored_likelihoods(ledger: Ledger, plan: EvaluationPlan) -> list[tuple[float, ...] | None]:
    """Return what is stored of each instance; None where nothing is, or the model refused."""
    replies = (ledger.reply(RequestId(LIKELIHOOD, number)) for number in range(len(plan.tasks)))
    return [tuple(json.loads(reply.text)) if isinstance(reply, Reply) else None for reply in replies]


def check_gives_likelihoods(model: Model | None) -> None:
    """Raise `SettingsError` where a model cannot say how likely a text is; a server shows that only when it is asked."""
    if not isinstance(model, GivesLikelihoods | BaseLLM):
        raise SettingsError(_NOT_GIVEN)


class LikelihoodAsker:
    """Answers each question with the log-likelihoods of its reference's tokens, as JSON. An `Asker`."""

    def __init__(self, model: Model | None, plan: EvaluationPlan) -> None:
        check_gives_likelihoods(model)
        self._model: Any = model
        self._plan = plan

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the log-likelihoods. Raises `SettingsError` where the model gives none, and as `chains.models.asking` does."""
        prompt, completion = prompt_and_completion(self._plan.tasks[question.id.request], self._plan.encoding)
        if isinstance(self._model, GivesLikelihoods):
            found = await asyncio.to_thread(self._model.log_likelihoods, prompt, completion)
            return Reply(json.dumps(found), "stop")
        try:
            with explained():
                result = await self._model.agenerate_prompt([StringPromptValue(text=prompt + completion)], **_ECHO)
        except ModelRefusedError as refused:
            return refusal(refused, question)
        generation = result.generations[0][0]
        found = echoed(generation.generation_info or {}, prompt, completion)
        used = (result.llm_output or {}).get("token_usage") or {}
        return Reply(json.dumps(found), "stop", Usage(used.get("prompt_tokens"), used.get("completion_tokens")))


def echoed(about: Mapping[str, Any], prompt: str, completion: str) -> list[float]:
    """Return the log-likelihoods of a completion's tokens from an echo of both, before and behind which a server may say more.

    A token that straddles the two counts to the completion. Raises `SettingsError` where there is no echo.
    """
    told = about.get("logprobs") or {}
    tokens, found = told.get("tokens") or [], told.get("token_logprobs") or []
    at = "".join(tokens).find(prompt + completion)
    if at < 0 or len(tokens) != len(found):
        raise SettingsError(_NOT_GIVEN)
    begins, whole = at + len(prompt), at + len(prompt) + len(completion)
    return [float(each) for end, each in zip(_ends(tokens), found, strict=True) if begins < end <= whole and each is not None]


def _ends(tokens: Sequence[str]) -> Iterator[int]:
    at = 0
    for token in tokens:
        at += len(token)
        yield at

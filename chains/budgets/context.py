"""Keep each request within the context of a server that says how long it is, rather than have it refuse.

vLLM says `max_model_len` of a model, llama.cpp `n_ctx` of a slot; what others say nothing of is left to them. A prompt's tokens
are estimated from its bytes until the provider has counted some, and then from the most per byte that it counted.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from self_instruct.chains.budgets.bounds import OUTPUT_LIMITS, most_output_tokens
from self_instruct.chains.models.names import OPENAI_PREFIXES
from self_instruct.chains.models.question import Asker, Question
from self_instruct.prompts.stage_prompt import prompt_text
from self_instruct.records.replies import Refusal, Reply
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings

ASKING_S = 3.0  # for a server to say how long its context is
TOKENS_PER_BYTE = 1 / 3  # rather too many for English, which has four bytes to a token
FRAME = 32  # tokens that a server puts around a prompt, more or less
LEAST_OUTPUT = 16  # tokens that an answer is left in any case


class ContextAsker:
    """Asks another asker, with no larger limit to an answer than its server's context leaves beside the prompt.

    `lengths` are tokens by stage; `warn` is told once of a stage whose prompts leave no room.
    """

    def __init__(self, asker: Asker, lengths: Mapping[str, int], warn: Callable[[str], None]) -> None:
        self._asker = asker
        self._lengths = lengths
        self._warn = warn
        self._per_byte: dict[str, float] = {}
        self._warned: set[str] = set()

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the reply to a question; see `Asker`."""
        stage, length = question.id.stage, self._lengths.get(question.id.stage)
        if length is None:
            return await self._asker(question)
        size = len(prompt_text(question.prompt).encode("utf-8", "surrogatepass"))
        reply = await self._asker(self._fitting(question, length, size))
        if isinstance(reply, Reply) and reply.usage.input_tokens and size:
            self._per_byte[stage] = max(self._per_byte.get(stage, 0), reply.usage.input_tokens / size)
        return reply

    def _fitting(self, question: Question, length: int, size: int) -> Question:
        stage = question.id.stage
        prompt = round(size * self._per_byte.get(stage, TOKENS_PER_BYTE)) + FRAME
        most = most_output_tokens(question.parameters)
        if most is None or prompt + most <= length:
            return question
        if length - prompt < LEAST_OUTPUT and stage not in self._warned:
            self._warned.add(stage)
            self._warn(
                f"a prompt of {stage} has about {prompt:,} tokens, and the server's context is {length:,}:"
                " start the server with a longer one (llama.cpp: -c; vLLM: --max-model-len)"
            )
        room = max(LEAST_OUTPUT, length - prompt)
        limits = {name: min(question.parameters[name], room) for name in OUTPUT_LIMITS if question.parameters.get(name)}
        return replace(question, parameters={**question.parameters, **limits})


async def context_lengths(settings: Settings) -> dict[str, int]:
    """Return the tokens of the context of each stage's server, where that is one of the user's own and says it."""
    choices = {stage: settings.choice(stage) for stage in settings.stage_names}
    found: dict[tuple[str | None, str | None], int | None] = {}
    for choice in choices.values():
        key = (choice.model, choice.base_url)
        if key not in found:
            found[key] = await _said_by(choice)
    by_stage = ((stage, found[choice.model, choice.base_url]) for stage, choice in choices.items())
    return {stage: length for stage, length in by_stage if length}


async def _said_by(choice: ModelChoice) -> int | None:
    """Return the context that the server at an address says its model has; None where it says nothing, or nothing readable."""
    if not choice.base_url or not (choice.model or "").startswith(OPENAI_PREFIXES):
        return None
    from httpx import AsyncClient, HTTPError

    key = os.environ.get(choice.options.get("api_key_env") or "OPENAI_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with AsyncClient(timeout=ASKING_S, headers=headers) as client:
            listed = (await client.get(f"{choice.base_url.rstrip('/')}/models")).json()
            model = _listed(listed, (choice.model or "").partition(":")[2])
            if model.get("owned_by") == "llamacpp":
                address = choice.base_url.rstrip("/").removesuffix("/v1")
                slot = (await client.get(f"{address}/props")).json().get("default_generation_settings") or {}
                model = {**(model.get("meta") or {}), **slot}
    except (HTTPError, ValueError, AttributeError, TypeError):
        return None  # it speaks otherwise, or not at all: what is asked of it next says why
    lengths = (model.get(name) for name in ("max_model_len", "n_ctx", "n_ctx_train"))
    return next((length for length in lengths if isinstance(length, int) and length > 0), None)


def _listed(listed: Any, name: str) -> dict[str, Any]:
    """Return what a list of models says of the one called `name`, or of its only one."""
    models = listed["data"] if isinstance(listed, dict) and isinstance(listed.get("data"), list) else []
    named = [each for each in models if isinstance(each, dict) and each.get("id") == name]
    found = named or (models if len(models) == 1 else [])
    return dict(found[0]) if found else {}

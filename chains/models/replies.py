"""A model's answer as the `Reply` that the ledger keeps."""

from __future__ import annotations

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration

from self_instruct.prompts.reading.reply_parser import reply_of
from self_instruct.records.replies import Reply, Usage

REFUSED = "refused"


def is_cut_stream(message: AIMessage | str) -> bool:
    """Return whether a streamed reply of OpenAI's protocol broke off without an error: it then lacks how it ended."""
    about = message.response_metadata if isinstance(message, AIMessage) else {}
    return about.get("model_provider") == "openai" and not {"finish_reason", "status"} & set(about)


def message_to_reply(message: AIMessage | str) -> Reply:
    """Return what the ledger keeps of a model's answer. Text that cannot be UTF-8 (half a surrogate pair) becomes "?"."""
    if isinstance(message, str):
        return Reply(storable(message))
    reply = reply_of(ChatGeneration(message=message))
    return Reply(storable(reply.text), reply.finish_reason, _usage(message.usage_metadata))


def _usage(counted: UsageMetadata | None) -> Usage:
    """Return the tokens that a provider counted. No prompt is empty: where it counted 0 for one, it counted nothing."""
    if not counted or not counted["input_tokens"]:
        return Usage()
    return Usage(
        counted["input_tokens"],
        counted["output_tokens"],
        (counted.get("input_token_details") or {}).get("cache_read"),
        (counted.get("output_token_details") or {}).get("reasoning"),
    )


def storable(text: str) -> str:
    """Return a text that can be UTF-8: half a surrogate pair becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")

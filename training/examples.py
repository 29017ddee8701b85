"""Rows become tokens with labels: the loss is on what the model should write, and on the end that it should write after it.

A prompt and its completion are made into tokens apart, as they are when the model is asked. A base model learns texts: parts
are told in one of the paper's 13 templates. A chat model learns answers in its own chat template.
Source: Wang et al. 2023, arXiv:2212.10560, section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from self_instruct.records.tasks import Instance
from self_instruct.reports.exports.prompt_completion import WITH_INPUT, WITHOUT_INPUT
from self_instruct.retrievers.draws import HashDraws
from self_instruct.training.recipe import Recipe
from self_instruct.training.rows import Conversation, Pair, Parts, Row, TrainingDataError, Turn

NOT_LEARNED = -100  # the label that PyTorch's cross entropy passes over


@dataclass(frozen=True, slots=True)
class Example:
    """The tokens of a row, of which the last `learned` are to be written by the model."""

    tokens: tuple[int, ...]
    learned: int

    @property
    def labels(self) -> list[int]:
        """What each token should be, as PyTorch takes it."""
        asked = len(self.tokens) - self.learned
        return [NOT_LEARNED] * asked + list(self.tokens[asked:])


@dataclass(frozen=True, slots=True)
class Examples:
    """What is trained on, and how many rows were too long for it."""

    kept: tuple[Example, ...]
    too_long: int
    is_chat: bool


def examples(rows: Sequence[Row], tokenizer: Any, recipe: Recipe) -> Examples:
    """Return the examples of rows for a tokenizer of transformers.

    Raises `TrainingDataError` where all rows are too long, or conversations of many turns have no chat template.
    """
    is_chat = is_chat_wanted(tokenizer, recipe)
    made = [_example(row, number, tokenizer, recipe, is_chat=is_chat) for number, row in enumerate(rows)]
    kept = tuple(one for one in made if len(one.tokens) <= recipe.max_length)
    if not kept:
        raise TrainingDataError(f"all {len(made)} rows are longer than `max_length` {recipe.max_length} tokens; raise it.")
    return Examples(kept, len(made) - len(kept), is_chat)


def is_chat_wanted(tokenizer: Any, recipe: Recipe) -> bool:
    """Return whether rows become conversations; raises `TrainingDataError` where they should and the model has no template."""
    has_template = tokenizer.chat_template is not None
    if recipe.form == "chat" and not has_template:
        raise TrainingDataError("the model has no chat template, so that it cannot be trained with `form=chat`.")
    return has_template if recipe.form == "auto" else recipe.form == "chat"


def as_text(row: Row, number: int, seed: int) -> Pair:
    """Return a row as a text and what goes on from there; a template is drawn by the seed and the row's number."""
    if isinstance(row, Pair):
        return row
    if isinstance(row, Parts):
        templates = WITH_INPUT if row.input.strip() else WITHOUT_INPUT
        template = HashDraws(f"{seed}:{number}").choice(templates)
        made = template.row(row.instruction, Instance(row.input, row.output))
        return Pair(made["prompt"], made["completion"])
    if any(turn.role not in ("system", "user") for turn in row.said):
        raise TrainingDataError(f"row {number + 1} is a conversation of several turns, for which the model has no template.")
    return Pair("".join(f"{turn.content.strip()}\n\n" for turn in row.said), row.answer.strip())


def as_conversation(row: Row) -> Conversation:
    """Return a row as a conversation, as our conversation exports tell it."""
    if isinstance(row, Conversation):
        return row
    if isinstance(row, Pair):
        return Conversation((Turn("user", row.prompt),), row.completion.strip())
    asked = f"{row.instruction}\n\n{row.input}" if row.input.strip() else row.instruction
    return Conversation((Turn("user", asked),), row.output)


def _example(row: Row, number: int, tokenizer: Any, recipe: Recipe, *, is_chat: bool) -> Example:
    if is_chat:
        return _chat_example(as_conversation(row), tokenizer)
    pair = as_text(row, number, recipe.seed)
    asked = tokenizer(pair.prompt).input_ids
    if asked and asked[-1] == tokenizer.eos_token_id:  # some tokenizers end every text
        asked = asked[:-1]
    written = [*tokenizer(pair.completion, add_special_tokens=False).input_ids, tokenizer.eos_token_id]
    return Example((*asked, *written), len(written))


def _chat_example(conversation: Conversation, tokenizer: Any) -> Example:
    messages = conversation.messages()
    asked: str = tokenizer.apply_chat_template(messages[:-1], tokenize=False, add_generation_prompt=True)
    whole: str = tokenizer.apply_chat_template(messages, tokenize=False)
    written = whole.removeprefix(asked) if whole.startswith(asked) else conversation.answer
    tokens = tokenizer(asked, add_special_tokens=False).input_ids
    learned = tokenizer(written.rstrip("\n"), add_special_tokens=False).input_ids
    if not set(learned) & set(tokenizer.all_special_ids):  # a template that does not say where an answer ends
        learned = [*learned, tokenizer.eos_token_id]
    return Example((*tokens, *learned), len(learned))

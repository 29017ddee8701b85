"""Train with a part of a large vocabulary: what a small model spends most of a step on is scoring words that no row has.

While it trains, a model scores the commonest tokens and those that the rows have it write; the others are as unlikely as its
base finds them, since their scores are not trained either. The model that is saved scores all of them again. For adapters
alone: all weights cannot be trained with some of them away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from self_instruct.training.examples import Example

COMMONEST = 32_768
"""So many tokens from the front of a vocabulary, which is where the commonest stand, are always scored."""


def scored_tokens(kept: Iterable[Example], size: int) -> Mapping[int, int]:
    """Return the place among the scored tokens of each token that is scored, for a vocabulary of `size`."""
    learned = {token for one in kept for token in one.tokens[len(one.tokens) - one.learned :]}
    return {token: place for place, token in enumerate(sorted({*range(min(COMMONEST, size)), *learned}))}


@contextmanager
def scoring_only(model: Any, tokens: Mapping[int, int]) -> Iterator[None]:
    """Let a model of transformers score these tokens alone, whose places are then its labels, while the block lasts."""
    whole, loss = model.get_output_embeddings(), model.loss_function

    def loss_of_part(logits: Any, labels: Any, vocab_size: int | None = None, **more: Any) -> Any:
        del vocab_size  # of the whole
        return loss(logits=logits, labels=labels, vocab_size=len(tokens), **more)

    model.set_output_embeddings(_part_of(whole, list(tokens)))
    model.loss_function = loss_of_part
    try:
        yield
    finally:
        model.set_output_embeddings(whole)
        model.loss_function = loss


def _part_of(head: Any, tokens: list[int]) -> Any:
    import torch

    part = torch.nn.Linear(head.in_features, len(tokens), bias=head.bias is not None, dtype=head.weight.dtype)
    part.weight = torch.nn.Parameter(head.weight.detach()[tokens].clone(), requires_grad=False)
    if head.bias is not None:
        part.bias = torch.nn.Parameter(head.bias.detach()[tokens].clone(), requires_grad=False)
    return part

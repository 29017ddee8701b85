"""Who is told how a run goes, or the asking about one that is there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig

from self_instruct.ledger import StoredTask

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told what happens while models are asked; all of it may be left out.

    `on_progress` is called after every batch of replies, and each second while none comes: a run gives a `Snapshot`, whoever
    asks about one an `AskingSnapshot`. `on_kept` is called with each task that is kept, `on_stop` when a signal stops the
    asking. `on_warning` is told in a sentence of a parameter that a model refuses and that is left out then, of a judge of the
    writer's own family, and of the likely cause where few tasks are kept; `on_news` of a change in a provider's batch. `config`
    is LangChain's: its callbacks see every request, with `stage`, `request`, `item` and `attempt` as metadata.
    """

    on_progress: Callable[[Any], None] | None = None
    on_kept: Callable[[StoredTask], None] | None = None
    on_stop: Callable[[], None] = lambda: None
    on_warning: Callable[[str], None] = _log.warning
    on_news: Callable[[str], None] = _log.info
    config: RunnableConfig | None = None


NOBODY = Listener()

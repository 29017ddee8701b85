"""The offline model as one that takes its time, for who wants to see questions under way."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_core.outputs import ChatResult

from self_instruct.chains.offline import OfflineModel


class LateModel(OfflineModel):
    """Answers as the offline model does, `seconds` later."""

    seconds: float = 0.05

    async def _agenerate(self, *asked: Any, **more: Any) -> ChatResult:
        await asyncio.sleep(self.seconds)
        return await super()._agenerate(*asked, **more)

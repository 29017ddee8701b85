"""Measure what asking costs beyond the model's client: CPU a question, ours and bare `ChatOpenAI.ainvoke` side by side.

    .venv/bin/python benchmarks/asking.py [--questions N] [--json]

The server is a function in this process that answers at once. Each round asks the same questions bare, then through
`ModelAsker`, then through `RetryingAsker` around it, 16 at once; the medians of five such rounds count.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from statistics import median

import httpx
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.prompt_values import ChatPromptValue
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.retrying import RetryingAsker
from self_instruct.ledger import RequestId
from self_instruct.settings import Settings

ROUNDS = 5
AT_ONCE = 16
STAGE = "classification"
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "No"}, "finish_reason": "stop"}
USAGE = {"prompt_tokens": 90, "completion_tokens": 1, "total_tokens": 91}
ANSWER = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "served", "choices": [CHOICE], "usage": USAGE}


class Instant(httpx.AsyncBaseTransport):
    """Answers every request at once."""

    def __init__(self) -> None:
        self._body = json.dumps(ANSWER).encode()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer."""
        return httpx.Response(200, headers={"content-type": "application/json"}, content=self._body, request=request)


@dataclass(frozen=True)
class Cost:
    """Milliseconds of CPU a question, and the ratio of all of it to the bare client's."""

    questions: int
    bare_ms: float
    asked_ms: float
    retrying_ms: float
    own_ms: float
    ratio: float


async def cost(questions: int) -> Cost:
    """Return what so many questions cost, each way."""
    model = ChatOpenAI(
        model="x", api_key=SecretStr("none"), max_retries=0, http_async_client=httpx.AsyncClient(transport=Instant())
    )
    pace, parameters = Settings(), Settings().section(STAGE).parameters
    prompt = ChatPromptValue(messages=[SystemMessage("You sort tasks."), HumanMessage("Is it classification? " * 20)])
    asker = ModelAsker({STAGE: model})
    retrying = RetryingAsker(asker, retries=pace.retries, timeout_s=pace.timeout_s, concurrency=AT_ONCE)

    def question(number: int) -> Question:
        return Question(RequestId(STAGE, number), prompt, parameters, "openai:x")

    ways: list[Callable[[int], Awaitable[object]]] = [
        lambda _: model.ainvoke(prompt, **parameters),
        lambda number: asker(question(number)),
        lambda number: retrying(question(number)),
    ]
    for way in ways:  # the first of each is slower
        await cpu_ms(way, questions // 4)
    found: list[list[float]] = [[], [], []]
    for number in range(ROUNDS):
        for which in range(len(ways)):
            turn = (number + which) % len(ways)  # each is the first of a round as often as the others
            found[turn].append(await cpu_ms(ways[turn], questions))
    bare_ms, asked_ms, retrying_ms = map(median, found)
    return Cost(questions, bare_ms, asked_ms, retrying_ms, retrying_ms - bare_ms, retrying_ms / bare_ms)


async def cpu_ms(way: Callable[[int], Awaitable[object]], questions: int) -> float:
    """Return the milliseconds of CPU that a question takes, all threads counted."""
    numbers = iter(range(questions))

    async def work() -> None:
        for number in numbers:
            await way(number)

    begun = time.process_time()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return (time.process_time() - begun) / questions * 1e3


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=800, help="how many a round asks each way")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = asyncio.run(cost(options.questions))
    if options.json:
        print(json.dumps(asdict(found), indent=2))
        return
    print(f"CPU a question, median of {ROUNDS} rounds of {found.questions:,}, {AT_ONCE} at once")
    print(f"bare ChatOpenAI.ainvoke    {found.bare_ms:6.3f} ms")
    print(f"ModelAsker                 {found.asked_ms:6.3f} ms")
    print(f"RetryingAsker(ModelAsker)  {found.retrying_ms:6.3f} ms")
    print(f"ours                       {found.own_ms:6.3f} ms, {found.ratio:.2f} times the bare client")


if __name__ == "__main__":
    main()

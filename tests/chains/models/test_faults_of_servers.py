"""The real clients against a server on loopback that fails in every way: what is asked again, and what ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.faults import SAID_OF, Delay, Fault, Refuse, always, scripted
from support.openai_server import OpenAIServer, serving
from support.questions import question

from self_instruct.chains import load_model
from self_instruct.chains.models import retrying
from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.retrying import RetryingAsker
from self_instruct.chains.offline import OfflineModel
from self_instruct.ledger import RequestId
from self_instruct.records.errors import ModelDeniedError, ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply

MODELS = ["openai:any", "openai-completion:any"]
CURED: dict[str, tuple[Fault, str]] = {
    **SAID_OF,
    "408": (Refuse(408), "408 Request Timeout"),
    "a reply that is late": (Delay(1.0), "timeout"),
}
Asking = Callable[[RetryingAsker, OpenAIServer], Awaitable[Any]]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setattr(retrying, "FIRST_WAIT_S", 0.01)


async def asked(name: str, server: OpenAIServer, work: Callable[[RetryingAsker], Awaitable[Any]], timeout_s: float = 60) -> Any:
    """Return the result of work with an asker of the server, whose client is closed after it."""
    model: Any = load_model(name, base_url=server.base_url, client_retries=False)
    asker = RetryingAsker(ModelAsker({"classification": model}), retries=3, timeout_s=timeout_s, concurrency=8)
    async with model.http_async_client:
        return await work(asker)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fault", CURED)
async def test_what_time_cures_is_asked_again_and_brings_what_it_would_have_brought(model: str, fault: str) -> None:
    befalling, kind = CURED[fault]

    async def work(asker: RetryingAsker) -> Any:
        return [await asker(question(text="Name a river.")), asker.state().failed]

    with serving(OfflineModel(faults=False), scripted(befalling)) as server:
        reply, failed = await asked(model, server, work, timeout_s=0.5)
        assert server.bodies.total() == 2
    assert isinstance(reply, Reply)
    assert reply.text == OfflineModel(faults=False).invoke("Name a river.").text
    [(counted, times)] = failed.items()
    assert kind in counted
    assert times == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 418, 451])
async def test_what_time_does_not_cure_ends_it_at_once_in_the_servers_words(model: str, status: int) -> None:
    with serving(OfflineModel(), always(Refuse(status, "these very words"))) as server:
        with pytest.raises(ModelDeniedError, match="these very words"):
            await asked(model, server, lambda asker: asker(question()))
        assert server.bodies.total() == 1


@pytest.mark.parametrize("refusal", [Refuse(402, "pay first"), Refuse(429, "pay first", code="insufficient_quota")])
async def test_an_account_without_credit_ends_it_at_once_and_it_may_go_on_later(refusal: Refuse) -> None:
    with serving(OfflineModel(), always(refusal)) as server:
        with pytest.raises(ModelUnavailableError, match="pay first"):
            await asked(MODELS[0], server, lambda asker: asker(question()))
        assert server.bodies.total() == 1


async def test_one_request_that_is_refused_for_what_it_says_ends_nothing() -> None:
    async def work(asker: RetryingAsker) -> Any:
        return [await asker(question(number)) for number in range(3)]

    with serving(OfflineModel(), scripted(None, Refuse(400, "content_policy_violation: no"))) as server:
        answers = await asked(MODELS[0], server, work)
    assert [type(each) for each in answers] == [Reply, Refusal, Reply]


async def test_a_server_that_is_not_there_is_asked_as_often_as_it_may_be() -> None:
    with serving(OfflineModel()) as server:
        pass
    with pytest.raises(ModelUnavailableError, match=r"onnection .*\(tried 4 times\)"):
        await asked(MODELS[0], server, lambda asker: asker(question()))


async def test_what_is_under_way_is_answered_though_another_question_ends_all() -> None:
    async def work(asker: RetryingAsker) -> Any:
        asking = [asyncio.ensure_future(asker(question(RequestId("classification", number)))) for number in range(2)]
        return await asyncio.gather(*asking, return_exceptions=True)

    with serving(OfflineModel(), scripted(Delay(0.5), Refuse(401))) as server:
        answers = await asked(MODELS[0], server, work)
    assert {type(each) for each in answers} == {Reply, ModelDeniedError}

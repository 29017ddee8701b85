"""Prices: ours over the package's, unknown where nobody knows, and never fetched."""

import socket
from decimal import Decimal

import pytest

from self_instruct.chains.budgets.prices import FREE, cost, price_of
from self_instruct.records.replies import Usage
from self_instruct.settings.sections import Price

OURS = Price(input=Decimal(1), output=Decimal(4))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_BASE", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)

    def refuse(*_: object) -> None:
        raise AssertionError("a price was looked up in the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_given_price_comes_before_a_known_one() -> None:
    assert price_of("openai:gpt-4.1-mini", {"openai:gpt-4.1-mini": OURS}) == OURS


@pytest.mark.parametrize(
    "name",
    ["openai:gpt-4.1-mini", "gpt-4.1-mini", "openai-completion:davinci-002", "anthropic:claude-sonnet-4-5",
     "azure_openai:gpt-4o", "google_genai:gemini-2.5-flash", "mistralai:mistral-small-latest", "deepseek:deepseek-chat",
     "groq:llama-3.1-8b-instant"],
)  # fmt: skip
def test_models_of_the_large_providers_have_a_price(name: str) -> None:
    price = price_of(name, {})
    assert price
    assert 0 < price.input <= price.output
    assert price.cached_input is not None
    assert price.cached_input <= price.input


@pytest.mark.parametrize(
    "name",
    ["ollama:llama3", "openai:nobody-knows-it", "nonsense", "a:b:c", "openai:text-embedding-3-small", "perplexity:sonar"],
)
def test_a_price_that_nobody_knows_or_that_is_not_by_tokens_alone_is_none(name: str) -> None:
    assert price_of(name, {}) is None


def test_the_offline_model_costs_nothing() -> None:
    assert price_of("offline", {}) == FREE
    assert cost(FREE, Usage(10, 5)) == 0


@pytest.mark.parametrize("variable", ["OPENAI_API_BASE", "OPENAI_BASE_URL"])
def test_a_known_name_on_another_server_has_no_known_price(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    assert price_of("openai:gpt-4.1-mini", {}, "http://localhost:8000/v1") is None
    assert price_of("openai:openai/gpt-4o-mini", {}, "https://openrouter.ai/api/v1") is not None
    monkeypatch.setenv(variable, "http://localhost:8000/v1")
    assert price_of("openai:gpt-4.1-mini", {}) is None
    assert price_of("anthropic:claude-sonnet-4-5", {}) is not None


def test_cached_tokens_cost_their_own_price_or_that_of_the_others() -> None:
    counted = Usage(1_000_000, 1_000_000, 400_000, 900_000)
    assert cost(OURS, counted) == 5
    assert cost(OURS.model_copy(update={"cached_input": Decimal("0.5")}), counted) == Decimal("4.8")


@pytest.mark.parametrize("usage", [Usage(), Usage(3), Usage(None, 3)])
def test_tokens_that_nobody_counted_have_no_cost(usage: Usage) -> None:
    assert cost(OURS, usage) is None
    assert cost(None, Usage(3, 3)) is None

"""What models cost: from the settings, or from the data that come with the `genai-prices` package; nothing is fetched.

A price that nobody knows is None, never 0. Prices that change with the hour count at their highest, so that a budget holds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from self_instruct.chains.models.names import COMPLETION_PREFIX, OFFLINE
from self_instruct.records.replies import Usage
from self_instruct.settings.sections import Price

FREE = Price(input=Decimal(0), output=Decimal(0))
MILLION = 1_000_000
_PROBE = 1_000  # tokens; few enough for the lowest tier of prices that rise with the prompt's length
_ADDRESS_VARIABLES = ("OPENAI_API_BASE", "OPENAI_BASE_URL")  # they send requests for "openai:" elsewhere


def price_of(model: str, own: Mapping[str, Price], base_url: str | None = None) -> Price | None:
    """Return what the model called `model` (as `load_model` takes it) costs; None where that is not known.

    A model behind a `base_url` has the price of the provider at that address, if it is one: the same name on another server
    says nothing. `own` goes before what the package knows.
    """
    if model in own:
        return own[model]
    if model == OFFLINE:
        return FREE
    provider, name = _parts(model)
    address = base_url or (_address_of_openai() if provider in ("openai", None) else None)
    if address and _is_local(address):  # no provider that sells is there, and the package's data take 60 MB to look at
        return None
    return _known(name, None, address) if address else _known(name, provider, None)


def _is_local(address: str) -> bool:
    """Return whether a server is this machine, or in a network that the internet does not reach."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost"


def _parts(model: str) -> tuple[str | None, str]:
    """Return provider and name; the provider is None where LangChain infers it from the name."""
    if model.startswith(COMPLETION_PREFIX):
        return "openai", model.removeprefix(COMPLETION_PREFIX)
    provider, colon, name = model.partition(":")
    return (provider, name) if colon else (None, model)


def _address_of_openai() -> str | None:
    return next((os.environ[name] for name in _ADDRESS_VARIABLES if os.environ.get(name)), None)


@cache
def _known(model: str, provider: str | None, address: str | None) -> Price | None:
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    def price(at: datetime, counted: Counted) -> tuple[Decimal, Decimal]:
        if address:
            found = calc_price(counted, model, provider_api_url=address, genai_request_timestamp=at)
        else:
            found = calc_price(counted, model, provider_id=provider, genai_request_timestamp=at)
        rates = found.model_price
        if rates.input_mtok is None or rates.output_mtok is None or rates.requests_kcount is not None:
            raise LookupError(model)  # an embedding model, or one with a fee for each request
        return found.input_price * MILLION / _PROBE, found.output_price * MILLION / _PROBE

    today = datetime.now(UTC)
    hours = [today.replace(hour=hour) for hour in range(24)]
    try:
        return Price(
            input=max(price(hour, Counted(input_tokens=_PROBE))[0] for hour in hours),
            cached_input=max(price(hour, Counted(input_tokens=_PROBE, cache_read_tokens=_PROBE))[0] for hour in hours),
            output=max(price(hour, Counted(output_tokens=_PROBE))[1] for hour in hours),
        )
    except LookupError:
        return None


def discounted(price: Price | None, share: Decimal) -> Price | None:
    """Return a share of a price, as a provider takes for what is asked in a batch.

    >>> discounted(Price(input=2, output=8), Decimal("0.5"))
    Price(input=Decimal('1.0'), output=Decimal('4.0'), cached_input=None)
    """
    if price is None or share == 1:
        return price
    cached = None if price.cached_input is None else price.cached_input * share
    return Price(input=price.input * share, output=price.output * share, cached_input=cached)


def cost(price: Price | None, usage: Usage) -> Decimal | None:
    """Return the US dollars that these tokens cost, or None where the price or their number is not known.

    >>> cost(Price(input=2, output=8, cached_input=1), Usage(1_000_000, 500_000, 400_000))
    Decimal('5.6')
    """
    if price is None or usage.input_tokens is None or usage.output_tokens is None:
        return None
    cached = usage.cached_tokens or 0
    cached_price = price.input if price.cached_input is None else price.cached_input
    whole = (usage.input_tokens - cached) * price.input + cached * cached_price + usage.output_tokens * price.output
    return whole / MILLION

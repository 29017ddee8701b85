"""Closed tasks about code that is looked up: Python functions and SQL queries."""

from collections.abc import Mapping

from self_instruct.chains.offline.composing import sentence
from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Pair, Slots


def _function(slots: Slots, _: Draws) -> tuple[str, str]:
    what = slots.known("behaviour")
    wanted = " ".join(slots.known(name) for name in ("extra", "example") if name in slots).split()
    parameter, returns = what["parameter"], ""
    if "hints" in wanted:
        parameter, returns = f"{parameter}: {what['type']}", f" -> {what['returns']}"
    lines = [f"def {what['name']}({parameter}){returns}:"]
    if "docstring" in wanted:
        lines.append(f'    """{sentence(slots["behaviour"])}"""')
    lines.append(f"    return {what['expression']}")
    if "call" in wanted:
        lines += ["", f"# {what['name']}({what['argument']}) returns {what['value']}"]
    return "", "\n".join(lines)


def _query(slots: Slots, _: Draws) -> tuple[str, str]:
    request = slots.known("request")
    return "", request["sql"].format(**request) + (slots.known("order") if "order" in slots else "") + ";"


PAIRS: Mapping[str, Pair] = {"Python function": _function, "SQL query": _query}

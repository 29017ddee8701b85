"""Tasks of the offline model's grammar, each as it is recognised again, with the instances written for it."""

from collections.abc import Iterator

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Family
from self_instruct.chains.offline.grammar import Known, grammar
from self_instruct.records.tasks import Instance


def tasks_of(family: Family, each: int = 20) -> Iterator[tuple[str, Known, list[Instance]]]:
    """Yield so many instructions of each phrasing of a family, with what the grammar takes them for and their instances."""
    for phrasing, pattern in zip(family.phrasings, family.patterns, strict=True):
        for draws in (Draws.keyed(phrasing, number) for number in range(each)):
            instruction = pattern.filled(draws)
            known = grammar().recognised(instruction)
            assert known is not None, instruction
            yield instruction, known, known.instances(draws)

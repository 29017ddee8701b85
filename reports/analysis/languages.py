"""In which languages a dataset is, by script and, in Latin script, by the commonest words: no model, and silence in doubt."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from self_instruct.chains.verifiers.wrong_language import language_of
from self_instruct.reports.analysis.kept_tasks import KeptTask

NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """How many instructions and how many outputs are in a language; in the last row those too short, or in doubt."""

    language: str
    instructions: int
    all_instructions: int
    outputs: int
    all_outputs: int

    @property
    def counts(self) -> tuple[int, int]:
        """The instructions, and the outputs."""
        return self.instructions, self.outputs


def languages(tasks: Sequence[KeptTask]) -> tuple[LanguageShare, ...]:
    """Return the languages of a dataset, the commonest first, and at the end what could not be told."""
    instructions = _counts(task.instruction for task in tasks)
    outputs = _counts(one.output for task in tasks for one in task.instances)
    both = instructions + outputs
    ranked = sorted(both, key=lambda name: (name == NOT_TOLD, -both[name], name))
    whole = instructions.total(), outputs.total()
    return tuple(LanguageShare(name, instructions[name], whole[0], outputs[name], whole[1]) for name in ranked)


def _counts(texts: Iterable[str]) -> Counter[str]:
    return Counter(language_of(text) or NOT_TOLD for text in texts)

"""How good are the verifiers? Precision and recall on damaged copies of right tasks, and on outputs that people judged.

The rules were tuned on half of our seeds (by a hash of the instruction) and on right answers of the offline model; what is
printed is the other half. With the reference data beside the checkout also: the paper's seeds and its 252 user tasks, whose
wrongly flagged outputs were read once and rules mended for it, and outputs marked right or wrong, on which nothing was tuned.

.venv/bin/python benchmarks/verifiers.py [REFERENCE]
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from math import sqrt
from pathlib import Path
from random import Random
from statistics import mean, median
from time import process_time
from typing import Any

from damages import DAMAGES, damaged

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Kind
from self_instruct.chains.offline.grammar import grammar
from self_instruct.chains.verifiers.example import Example
from self_instruct.chains.verifiers.registry import Verification
from self_instruct.seeds.loading import load_seeds, shipped_seeds
from self_instruct.settings.sections import VerifierSettings

REFERENCE = Path(__file__).parent.parent.parent / "shared" / "reference"
SEED = 2
RESAMPLES = 2_000
Interval = tuple[float, float]
_verification = Verification(VerifierSettings())


def main() -> None:
    """Measure on each set of tasks, and print."""
    reference = Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE
    rights = [right for right in _examples(None) if sha256(right.instruction.encode()).digest()[0] % 2]
    on_damaged("our seeds, the half not tuned on", rights)
    on_damaged("right answers of the offline model (its kind was tuned on, not these)", _offline())
    if not reference.is_dir():
        print(f"\n{reference}: is not there, so nothing else was measured")
        return
    on_damaged("the paper's seeds, whose flags were read once", _examples(reference / "seed_tasks.jsonl"))
    user = _rows(reference / "user-oriented/user_oriented_instructions.jsonl")
    on_damaged("the paper's user tasks, whose flags were read once", _user_examples(user))
    on_marked(_rows(reference / "evaluation/quality/superni-examples.jsonl"))
    on_pairs(_rows(reference / "evaluation/quality/llmbar-natural-manual.jsonl"))
    on_time(_rows(reference / "davinci-run/final_instances.jsonl"))


def on_damaged(title: str, rights: Sequence[Example]) -> None:
    """Print, for one copy of each task by each damage, what is flagged; precision is for as many right tasks as copies."""
    alarms = [frozenset(_rules(right)) for right in rights]
    refused = sum(_is_refused(right) for right in rights)
    print(f"\n{title}: {len(rights)} right tasks")
    print(f"  right ones flagged {_share(sum(map(bool, alarms)), len(rights))}, refused {_share(refused, len(rights))}")
    print(f"  {'damage':26}{'copies':>7}  {'flagged':24}{'by its rule':24}precision of its rule")
    recalls: dict[str, float] = {}
    hits: dict[int, list[bool]] = {}
    for damage in DAMAGES:
        copies = damaged(rights, damage, SEED)
        found = {at: _rules(copy) for at, copy in copies.items()}
        own = sum(bool(found[at] & set(damage.rules)) for at in found)
        false = sum(bool(alarm & set(damage.rules)) for alarm in alarms) / len(rights)
        print(f"  {damage.name:26}{len(copies):>7}  {_share(sum(map(bool, found.values())), len(copies)):24}", end="")
        print(
            f"{_share(own, len(copies)):24}{_precision(own / len(copies), false):.3f}"
            if damage.rules and copies
            else "no rule names it"
        )
        if damage.rules and copies:
            recalls[damage.name] = mean(map(bool, found.values()))
            for at, rules in found.items():
                hits.setdefault(at, []).append(bool(rules))
    _print_together(recalls, hits, [bool(alarm) for alarm in alarms])


def _print_together(recalls: Mapping[str, float], hits: Mapping[int, list[bool]], alarms: Sequence[bool]) -> None:
    def recall(tasks: Sequence[int]) -> float:
        return mean(hit for at in tasks for hit in hits.get(at, ()))

    def precision(tasks: Sequence[int]) -> float:
        return _precision(recall(tasks), mean(alarms[at] for at in tasks))

    every = range(len(alarms))
    for name, value in (("recall", recall), ("precision at as many right as damaged", precision)):
        low, high = _bootstrap(value, len(alarms))
        print(f"  together, {name}: {value(every):.3f} [{low:.3f}, {high:.3f}]")
    lowest = min(recalls, key=lambda name: recalls[name])
    print(f"  mean of the damages' recalls: {mean(recalls.values()):.3f}; the lowest: {lowest}")


def on_marked(rows: Sequence[Mapping[str, object]]) -> None:
    """Print what is flagged among outputs that their authors marked right or wrong, beside two baselines."""
    examples = [Example(str(row["instruction"]), str(row["input"]), str(row["output"])) for row in rows]
    is_wrong = [not row["correct"] for row in rows]
    lengths: dict[object, list[int]] = {}
    for row in rows:
        lengths.setdefault(row["task"], []).append(len(str(row["output"])))
    short = [len(str(row["output"])) < median(lengths[row["task"]]) for row in rows]
    print(f"\noutputs marked by their authors: {len(rows)}, of them wrong {sum(is_wrong)}")
    for name, flagged in (
        ("verifiers", [bool(_rules(each)) for each in examples]),
        ("verifiers, refuse alone", list(map(_is_refused, examples))),
        ("flag everything", [True] * len(rows)),
        ("the longer is right", short),
    ):
        both = sum(flag and wrong for flag, wrong in zip(flagged, is_wrong, strict=True))
        false = sum(flagged) - both
        print(f"  {name:26}recall {_share(both, sum(is_wrong))}  precision {_share(both, sum(flagged))}", end="")
        print(f"  right ones flagged {_share(false, len(rows) - sum(is_wrong))}")


def on_pairs(rows: Sequence[Mapping[str, object]]) -> None:
    """Print how often the output with fewer flags is the better one of a pair, beside the longer one; a tie is half a hit."""
    verdicts: dict[str, list[float]] = {"fewer flags": [], "the longer is better": []}
    decided = 0
    for row in rows:
        outputs = [str(row["output_1"]), str(row["output_2"])]
        flags = [len(_rules(Example(str(row["input"]), "", output))) for output in outputs]
        decided += flags[0] != flags[1]
        better = 0 if row["label"] == 1 else 1
        verdicts["fewer flags"].append(_won(flags[1 - better], flags[better]))
        verdicts["the longer is better"].append(_won(len(outputs[better]), len(outputs[1 - better])))
    print(f"\npairs of outputs: {len(rows)}; flags differ in {decided}")
    for name, won in verdicts.items():
        low, high = _bootstrap(lambda at, won=won: mean(won[each] for each in at), len(won))  # type: ignore[misc]
        print(f"  {name:26}{mean(won):.3f} [{low:.3f}, {high:.3f}]")


def on_time(rows: Sequence[Mapping[str, object]]) -> None:
    """Print how long an instance takes, all rules together."""
    took = []
    for row in rows:
        example = Example(str(row["instruction"]), str(row["input"]), str(row["output"]))
        begin = process_time()
        _verification.flags(example)
        took.append((process_time() - begin) * 1000)
    said = f"{mean(took):.2f} ms of CPU each, median {median(took):.2f}, longest {max(took):.1f}"
    print(f"\n{len(rows)} instances of davinci: {said}")


def _examples(path: Path | None) -> list[Example]:
    seeds = shipped_seeds() if path is None else load_seeds(path)
    return [
        Example(seed.instruction, one.input, one.output, seed.is_classification) for seed in seeds for one in seed.instances
    ]


def _user_examples(rows: Sequence[Mapping[str, Any]]) -> list[Example]:
    """Return tasks of which nobody says whether they are classification."""
    return [Example(row["instruction"], one["input"], one["output"]) for row in rows for one in row["instances"]]


def _offline() -> list[Example]:
    """Return one right task for each of three instructions of every family, by which some rare forms are asked for."""
    found = []
    for family in grammar().families:
        for draws in (Draws.keyed("verifiers", family.name, number) for number in range(3)):
            instruction = family.instruction(draws)
            known = grammar().recognised(instruction)
            one = known.instances(draws)[0] if known else None
            if one:
                found.append(Example(instruction, one.input, one.output, family.kind is Kind.CLASSIFICATION))
    return found


def _rows(path: Path) -> list[Mapping[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _rules(example: Example) -> set[str]:
    return {flag.rule for flag in _verification.flags(example)}


def _is_refused(example: Example) -> bool:
    return any(map(_verification.refuses, _verification.flags(example)))


def _won(left: float, right: float) -> float:
    return float(left > right) + (left == right) / 2


def _precision(recall: float, false: float) -> float:
    return recall / (recall + false) if recall + false else 1.0


def _share(count: int, of: int) -> str:
    if not of:
        return "-"
    low, high = _wilson(count, of)
    return f"{count / of:.3f} [{low:.3f}, {high:.3f}]"


def _wilson(count: int, of: int, z: float = 1.96) -> Interval:
    """Return the 95 % interval of a share."""
    share, more = count / of, z * z / of
    middle, half = share + more / 2, z * sqrt(share * (1 - share) / of + more / of / 4)
    return max(0.0, (middle - half) / (1 + more)), min(1.0, (middle + half) / (1 + more))


def _bootstrap(value: Callable[[Sequence[int]], float], size: int) -> Interval:
    """Return the 95 % interval of a value of tasks, by drawing tasks again."""
    random = Random(SEED)
    drawn = sorted(value(random.choices(range(size), k=size)) for _ in range(RESAMPLES))
    return drawn[RESAMPLES // 40], drawn[-RESAMPLES // 40 - 1]


if __name__ == "__main__":
    main()

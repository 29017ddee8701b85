"""Measure how well our prompts work on a real model, stage by stage, beside another directory of templates.

    .venv/bin/python benchmarks/real_models.py --model openai-completion:base --base-url http://127.0.0.1:8100/v1
    .venv/bin/python benchmarks/real_models.py --model openai:gpt-4.1-mini --stages classification --against DIR --json

Every stage is asked through the same chains as in a run, on a sample that `--seed` fixes: instructions as the first
requests of a run ask for them (a growing pool, rounds of `--concurrency`), classification and instances about labelled
tasks that no prompt shows: our seeds, or those of `--labelled FILE`. Figures have 95 % intervals (bootstrap over requests or
tasks, 2,000 resamples). With `--against DIR` the same sample is asked with the templates in DIR too, stage by stage in turn.

Where a completion model's probabilities decide (`classification.decide_by`), the threshold is learned on one half of the
labelled tasks and judged on the other, both ways.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import ChatGeneration, LLMResult

from self_instruct.chains import classification_chain, instance_chain, instruction_chain
from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.replies import completion_message, message_to_reply
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.stages.classification import CALIBRATION, ClassificationStage
from self_instruct.chains.stages.stage import as_task
from self_instruct.records.errors import InputError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection, SeedTask
from self_instruct.retrievers import Kept, NoveltyIndex, draw_demonstrations
from self_instruct.retrievers.draws import DRAW, draws
from self_instruct.seeds import load_seeds, shipped_seeds
from self_instruct.seeds.few_shot_tasks import shipped_few_shot_tasks
from self_instruct.settings import Settings
from self_instruct.settings.config_file import from_assignments
from self_instruct.settings.layers import Layer

STAGES = ("instructions", "classification", "instances")
RESAMPLES = 2_000
MOST_TASKS = 10_000  # that a threshold is learned on here
FEW_LABELS = 2  # that a classification task's instances should cover at least


@dataclass(frozen=True)
class Figure:
    """A mean over requests or tasks with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f} {self.high:.2f}]"


def mean(values: Sequence[float]) -> Figure | None:
    """Return the mean of values with a bootstrap interval; None of none."""
    return interval(np.asarray(values, float)[:, None], lambda sums, count: sums[..., 0] / count) if len(values) else None


def interval(rows: np.ndarray, statistic: Callable[[np.ndarray, int], np.ndarray]) -> Figure:
    """Return a statistic of the column sums of `rows` (n x k) with its interval over resampled rows."""
    random = np.random.default_rng(0)
    counts = random.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=RESAMPLES)
    with np.errstate(invalid="ignore"):
        resampled = statistic(counts @ rows, len(rows))
    low, high = np.nanquantile(resampled, (0.025, 0.975))
    return Figure(float(statistic(rows.sum(axis=0), len(rows))), float(low), float(high))


@dataclass
class Side:
    """One set of templates under measurement: the plan of a run with them, and what was found."""

    name: str
    plan: RunPlan
    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The settings of the run; chains that have no seed tasks to learn from decide by words."""
        classification = self.plan.settings.classification.model_copy(update={"decide_by": "text"})
        return self.plan.settings.model_copy(update={"classification": classification})


class Tokens(BaseCallbackHandler):
    """Counts the tokens of all replies; those of completion models, which stand beside them, LangChain's own counter misses."""

    def __init__(self) -> None:
        self.count = 0

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """Add what a reply took, where its server counts."""
        first = response.generations[0][0]
        usage = message_to_reply(first.message if isinstance(first, ChatGeneration) else completion_message(response)).usage
        self.count += (usage.input_tokens or 0) + (usage.output_tokens or 0)


# instructions


async def instructions(side: Side, seeds: Sequence[SeedTask], requests: int, at_once: int) -> dict[str, Any]:
    """Return what the first requests of a run bring, in rounds of `at_once` that see what the rounds before them kept."""
    rules = side.settings.instructions
    chain = instruction_chain(settings=side.settings)
    pool = NoveltyIndex(side.settings.novelty)
    texts = [seed.instruction for seed in seeds]
    pool.add_all(texts)
    kept: list[str] = []
    rows: list[tuple[int, int, int]] = []  # a request: candidates, echoes, kept
    refused: Counter[str] = Counter()
    counted = Tokens()
    for begin in range(0, requests, at_once):
        numbers = range(begin, min(begin + at_once, requests))
        shown = [draw_demonstrations(texts, kept, rules, draws(DRAW, side.settings.seed, number)) for number in numbers]
        config = {"callbacks": [counted], "max_concurrency": at_once}
        replies = await chain.abatch([{"demonstrations": one} for one in shown], config)
        for demonstrations, read in zip(shown, replies, strict=True):
            own = NoveltyIndex(side.settings.novelty)
            own.add_all(demonstrations)
            new = echoes = 0
            for each in read:
                if isinstance(each, Candidate):
                    is_echo = own.nearest_too_similar(each.text) is not None
                    echoes += is_echo
                    if isinstance(pool.offer(each.text), Kept):
                        new += 1
                        kept.append(each.text)
                    else:
                        refused["an echo of its own prompt" if is_echo else Reason.TOO_SIMILAR] += 1
                else:
                    echoes += each.reason is Reason.COPIED
                    refused[each.reason] += 1
            rows.append((len(read), echoes, new))
    return _found(rows, kept, refused, counted.count)


def _found(rows: Sequence[tuple[int, int, int]], kept: Sequence[str], refused: Counter[str], tokens: int) -> dict[str, Any]:
    candidates, echoes, new = (np.array(column, float) for column in zip(*rows, strict=True))
    words = [len(text.split()) for text in kept]
    return {
        "requests": len(rows),
        "candidates a request": mean(candidates),
        "kept a request": mean(new),
        "echoes of candidates": interval(np.stack([echoes, candidates], axis=1), _share),
        "refused": dict(refused.most_common()),
        "words, median": float(np.median(words)) if words else None,
        "distinct first words": len({text.split()[0].casefold() for text in kept}) / len(kept) if kept else None,
        "requests a kept task": len(rows) / len(kept) if kept else None,
        "tokens a kept task": tokens / len(kept) if kept and tokens else None,
        "sample": kept[:20],
    }


def _share(sums: np.ndarray, _count: int) -> np.ndarray:
    return sums[..., 0] / sums[..., 1]


# classification


async def classification(side: Side, tasks: Sequence[SeedTask], at_once: int) -> dict[str, Any]:
    """Return how well the kind of labelled tasks is found, by words, and by probabilities where those decide."""
    chain = classification_chain(settings=side.settings)
    answers = await chain.abatch([task.instruction for task in tasks], {"max_concurrency": at_once})
    found = _told([_kind(answer) for answer in answers], tasks)
    lessons = _stage(side.plan).lessons(tasks)
    return found | (await _by_probabilities(side.plan, tasks, lessons, at_once) if lessons else {})


async def _by_probabilities(
    plan: RunPlan, tasks: Sequence[SeedTask], lessons: Sequence[Question], at_once: int
) -> dict[str, Any]:
    """Return what a threshold tells that was learned on the other half of the tasks."""
    asker, slots = ModelAsker({CALIBRATION: plan.models()["classification"]}), asyncio.Semaphore(at_once)

    async def answered(question: Question) -> Reply | Refusal:
        async with slots:
            return await asker(question)

    replies = dict(zip([one.id for one in lessons], await asyncio.gather(*map(answered, lessons)), strict=True))
    said: dict[int, bool | None] = {}
    for half in (0, 1):
        stage = _stage(plan)
        items = list(replies.items())
        stage.learn(tasks, dict(items[1 - half :: 2]).get)
        parser = stage.parser(as_task(tasks[0]))
        for asked, reply in items[half::2]:
            said[asked.request] = _kind(parser.read(reply)) if isinstance(reply, Reply) else None
    numbers = sorted(said)
    found = _told([said[number] for number in numbers], [tasks[number] for number in numbers])
    return {f"by probabilities, {name}": value for name, value in found.items()}


def _stage(plan: RunPlan) -> ClassificationStage:
    every = plan.settings.classification.model_copy(update={"calibration_tasks": MOST_TASKS})
    plan = replace(plan, settings=plan.settings.model_copy(update={"classification": every}))
    return cast("ClassificationStage", plan.stages()["classification"])


def _kind(answer: Classification | Rejection) -> bool | None:
    return answer.is_classification if isinstance(answer, Classification) else None


def _told(said: Sequence[bool | None], tasks: Sequence[SeedTask]) -> dict[str, Any]:
    """Return how well kinds were told; a task that was not read counts as wrong."""
    rows = np.array(
        [(task.is_classification, task.is_classification and yes is True, not task.is_classification and yes is False)
         for task, yes in zip(tasks, said, strict=True)], float)  # fmt: skip

    def balanced(sums: np.ndarray, count: int) -> np.ndarray:
        positive = sums[..., 0]
        return (sums[..., 1] / positive + sums[..., 2] / (count - positive)) / 2

    confusion = Counter((task.is_classification, yes) for task, yes in zip(tasks, said, strict=True))
    return {
        "tasks": len(tasks),
        "balanced accuracy": interval(rows, balanced),
        "share of yes": mean([yes is True for yes in said]),
        "confusion": {
            f"{_word(kind)} read as {_word(yes)}": count for (kind, yes), count in sorted(confusion.items(), key=str)
        },
        "unread": list(said).count(None),
    }


def _word(kind: bool | None) -> str:
    return {True: "classification", False: "other", None: "nothing"}[kind]


# instances


async def instances(side: Side, tasks: Sequence[SeedTask], at_once: int) -> dict[str, Any]:
    """Return how many labelled tasks, of known kind, get valid instances, and of which sort."""
    chain = instance_chain(settings=side.settings)
    replies = await chain.abatch(list(tasks), {"max_concurrency": at_once})
    valid = [[each for each in read if isinstance(each, Instance)] for read in replies]
    refused = Counter(str(each.reason) for read in replies for each in read if isinstance(each, Rejection))
    needing = [found for task, found in zip(tasks, valid, strict=True) if found and all(one.input for one in task.instances)]
    labels = [
        {one.output.casefold().strip(" .") for one in found}
        for task, found in zip(tasks, valid, strict=True)
        if task.is_classification
    ]
    return {
        "tasks": len(tasks),
        "tasks with a valid instance": mean([bool(found) for found in valid]),
        "instances a task": mean([len(found) for found in valid]),
        "inputs where the task needs one": mean([all(one.input for one in found) for found in needing]),
        "classification tasks with two labels or more": mean([len(found) >= FEW_LABELS for found in labels]),
        "refused": dict(refused.most_common()),
        "sample": [
            {"instruction": task.instruction, "instances": [asdict(one) for one in found[:2]]}
            for task, found in list(zip(tasks, valid, strict=True))[:8]
        ],
    }


# the command


async def measure(sides: Sequence[Side], options: argparse.Namespace) -> None:
    """Ask everything of each side, stage by stage, one side after the other."""
    seeds = load_seeds(options.seeds) if options.seeds else shipped_seeds()
    labelled = load_seeds(options.labelled) if options.labelled else shipped_seeds()
    shown = shipped_few_shot_tasks()
    for stage in options.stages:
        for side in sides:
            begun = time.perf_counter()
            match stage:
                case "instructions":
                    found = await instructions(side, seeds, options.requests, options.concurrency)
                case "classification":
                    sample = _sample(labelled, shown.classification, options.tasks, options.seed)
                    found = await classification(side, sample, options.concurrency)
                case _:
                    sample = _sample(labelled, (*shown.input_first, *shown.output_first), options.tasks, options.seed)
                    found = await instances(side, sample, options.concurrency)
            side.found[stage] = {**found, "seconds": round(time.perf_counter() - begun, 1)}
            print(f"{side.name}: {stage} measured", file=sys.stderr, flush=True)


def _sample(labelled: Sequence[SeedTask], shown: Sequence[SeedTask], count: int, seed: int) -> list[SeedTask]:
    known = {task.instruction for task in shown}
    usable = [task for task in labelled if task.instruction not in known]
    return draws(DRAW, seed, "real models").sample(usable, min(count, len(usable)))


def _plan(options: argparse.Namespace, templates: Path | None) -> RunPlan:
    said: dict[str, Any] = {"model": options.model, "seed": options.seed}
    said |= {"base_url": options.base_url} if options.base_url else {}
    said |= {"profile": options.profile} if options.profile else {}
    said |= {"templates": str(templates)} if templates else {}
    layer = Layer(said, dict.fromkeys(said, "the command line"))
    return RunPlan.new(layer.over(from_assignments(options.set or ())))


def table(sides: Sequence[Side]) -> str:
    """Return the figures as text, a stage after the other, a column a side."""
    lines = []
    for stage, found in sides[0].found.items():
        lines += ["", f"{stage:48s}" + "".join(f"{side.name:>26s}" for side in sides)]
        for name, value in found.items():
            values = [side.found[stage][name] for side in sides]
            if isinstance(value, Mapping):
                keys = dict.fromkeys(key for each in values for key in each)
                lines += [_line(f"  {name}: {key}", [each.get(key, 0) for each in values]) for key in keys]
            elif name != "sample":
                lines.append(_line(f"  {name}", values))
    return "\n".join(lines)


def _line(name: str, values: Sequence[object]) -> str:
    return f"{name:48s}" + "".join(f"{f'{one:.2f}' if isinstance(one, float) else one!s:>26s}" for one in values)


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="as for `generate`")
    parser.add_argument("--base-url", help="the address of an OpenAI-compatible server")
    parser.add_argument("--profile", choices=("modern", "paper"), help="modern without it")
    parser.add_argument("--against", type=Path, help="a directory of templates to measure beside ours")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="any setting; repeatable")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES, help="all three without it")
    parser.add_argument("--seeds", type=Path, help="the seed tasks that are shown; ours without it")
    parser.add_argument("--labelled", type=Path, help="seed tasks with known kinds to ask about; ours without it")
    parser.add_argument("--requests", type=int, default=40, help="requests for instructions (default 40)")
    parser.add_argument("--tasks", type=int, default=150, help="labelled tasks to ask about at most (default 150)")
    parser.add_argument("--concurrency", type=int, default=8, help="requests at once (default 8)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample and of what is drawn (default 0)")
    parser.add_argument("--json", action="store_true", help="print JSON, with a sample of what was written")
    options = parser.parse_args()
    try:
        sides = [Side("ours", _plan(options, None))]
        if options.against:
            sides.append(Side(options.against.name, _plan(options, options.against)))
        asyncio.run(measure(sides, options))
    except InputError as error:
        raise SystemExit(str(error)) from None
    if options.json:
        print(json.dumps({side.name: side.found for side in sides}, ensure_ascii=False, indent=2, default=asdict))
    else:
        print(table(sides))


if __name__ == "__main__":
    main()

"""A run that needs no model: seeds, a plan, and an asker whose reply depends on the prompt alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.outcome import Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, RequestId
from self_instruct.prompts.stage_prompt import prompt_text
from self_instruct.prompts.template_files import Templates
from self_instruct.records.replies import Refusal, Reply, Usage
from self_instruct.records.tasks import Instance, SeedTask, StageName
from self_instruct.retrievers.taxonomy import Taxonomy
from self_instruct.seeds.few_shot_tasks import FewShotTasks
from self_instruct.settings.settings import Settings

WORDS = """
    amber brook cedar delta ember fjord grove heron islet jetty knoll larch maple north ocean prairie quartz ridge spruce tundra
    umber valley willow yarrow zephyr anchor beacon cobalt dune estuary
""".split()  # noqa: SIM905 (thirty quoted words read worse)


def seed(number: int, *, is_classification: bool = False) -> SeedTask:
    instruction = f"{WORDS[number].title()} {WORDS[-number - 1]} question number {number} about {WORDS[number * 7 % 30]}"
    return SeedTask(f"seed_{number}", f"seed {number}", instruction, (Instance("in", "out"),), is_classification)


KINDS = Taxonomy.from_fields({
    "topic": {word: {"words": [word], "wanted": word, "subjects": [f"the {word}"]} for word in WORDS[:10]},
    "kind": {word: {"words": [word], "wanted": f"of the {word}"} for word in WORDS[10:14]},
    "aspects": {"size": {size: {"words": WORDS[14:18][at::2], "wanted": size} for at, size in enumerate(("small", "large"))}},
})  # fmt: skip
"""A taxonomy of the words that a `ScriptedAsker` uses."""


def plan(**settings: Any) -> RunPlan:
    """Return a plan over twelve small seeds; one that steers does so by `KINDS`."""
    seeds = tuple(seed(number, is_classification=number % 3 == 0) for number in range(12))
    shown = FewShotTasks(seeds[:4], seeds[1:3], seeds[3:4])
    taxonomy = KINDS if settings.get("steer") else None
    return RunPlan(Settings.model_validate(settings), {}, seeds, shown, Templates.load(), taxonomy=taxonomy)


def shown_in(question: Question) -> dict[str, Any]:
    """Return what a prompt shows: its text, the instruction it is about, and how instances are asked for."""
    text = prompt_text(question.prompt)
    last = text.rpartition("Task: ")[2].partition("\n")[0]
    return {"text": text, "instruction": last, "is_classification": "Class label:" in text}


def reply_to(request: RequestId, given: Mapping[str, Any]) -> Reply:
    """Return a reply that is a function of the prompt: new instructions, yes or no, two instances."""
    random = Random(sha256(given["text"].encode()).hexdigest())
    if request.stage == StageName.INSTRUCTIONS:
        items = [" ".join(random.sample(WORDS, random.randint(3, 8))) for _ in range(6)]
        text = " " + "\n".join(f"{number}. {item}" if number > 9 else item for number, item in enumerate(items, 9))
    elif request.stage == StageName.CLASSIFICATION:
        text = random.choice([" Yes", " No", " No", "Perhaps"])
    elif given["is_classification"]:
        text = "Class label: warm\nthe sun\nClass label: cold\nthe ice"
    else:
        text = f"Example 1\nInput: {random.random()}\nOutput: one\nExample 2\nInput: x\nOutput: x"
    return Reply(text, "stop", Usage(10, 5))


@dataclass
class ScriptedAsker:
    """Answers by a function, in an order shuffled by `shuffle`, and remembers what it was asked.

    `fail` is called before each answer and may raise what a provider would.
    """

    answer: Callable[[RequestId, Mapping[str, Any]], Reply | Refusal] = reply_to
    shuffle: Random | None = None
    fail: Callable[[RequestId], None] | None = None
    asked: Counter[RequestId] = field(default_factory=Counter)
    in_flight: Counter[StageName] = field(default_factory=Counter)
    most_in_flight: Counter[StageName] = field(default_factory=Counter)

    async def __call__(self, question: Question) -> Reply | Refusal:
        request, given = question.id, shown_in(question)
        self.asked[request] += 1
        self.in_flight[request.stage] += 1
        self.most_in_flight |= self.in_flight
        for _ in range(self.shuffle.randrange(20) if self.shuffle else 0):
            await asyncio.sleep(0)
        self.in_flight[request.stage] -= 1
        if self.fail:
            self.fail(request)
        return self.answer(request, given)


def dataset(ledger: Ledger) -> dict[str, Any]:
    """Return all that a run decided, in a form to compare."""
    tasks = [(task.id, task.instruction, task.is_classification, task.awaits) for task in ledger.tasks()]
    return {"tasks": tasks, "instances": list(ledger.instances()), "rejections": list(ledger.rejections())}


def run(directory: Path, asker: ScriptedAsker | None, **settings: Any) -> tuple[Outcome, dict[str, Any]]:
    """Run (or go on with) the run in `directory` and return how it ended and what it holds."""
    settled = plan(**settings)
    is_new = not (directory / "ledger.sqlite").exists()
    with Ledger.create(directory, settled.facts()) if is_new else Ledger.open(directory) as ledger:
        outcome = asyncio.run(Loop(ledger, settled, asker).run())
        return outcome, dataset(ledger)

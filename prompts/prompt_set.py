"""The prompts of a run, built from its templates and its few-shot tasks (Wang et al. 2023, section 2.2, appendix A.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from typing import Any

from langchain_core.runnables import Runnable

from self_instruct.prompts.custom_prompt import custom_prompt
from self_instruct.prompts.stage_prompt import Prompt, StagePrompt
from self_instruct.prompts.template_files import AGAIN, SUFFIX, Templates
from self_instruct.records.errors import TemplateError
from self_instruct.records.judgements import JUDGING
from self_instruct.records.tasks import PROPOSING, TAGGING, Proposer, Reason, SeedTask, StageName
from self_instruct.seeds.few_shot_tasks import FewShotTasks, shipped_few_shot_tasks

_WHY_AGAIN = (Reason.EMPTY, Reason.CUT_OFF, Reason.UNREADABLE)
JUDGE_PROMPTS = (
    "judge", "judge_again", "compare", "compare_again", "compare_tasks", "compare_tasks_again", "critique", "critique_again",
)  # fmt: skip
WRITING_PROMPTS = ("regenerate", "revise", "rewrite")
_WORDS = ("label", "text")  # where a stage gives no others
_INSTRUCTION = "Say whether the review is positive or negative."
_SAMPLES: dict[str, dict[str, object]] = {  # what a stage gives its prompt, made up
    "instructions": {"demonstrations": ["Name a river.", _INSTRUCTION], "subjects": ["rivers", "films"]},
    "classification": {"instruction": _INSTRUCTION},
    "classification_kind": {"instruction": _INSTRUCTION, "words": _WORDS},
    "input_first": {"instruction": _INSTRUCTION, "is_classification": False},
    "output_first": {"instruction": _INSTRUCTION, "is_classification": True},
    "judge": {"instruction": _INSTRUCTION, "input": "I liked it.", "output": "positive", "kind": "classification"},
    "compare": {"instruction": _INSTRUCTION, "input": "No.", "first": "negative", "second": "Yes.", "kind": "classification"},
    "regenerate": {"instruction": _INSTRUCTION, "input": "I liked it.", "is_classification": True},
    "critique": {
        "instruction": _INSTRUCTION,
        "input": "No.",
        "output": "Yes.",
        "kind": "classification",
        "flags": [{"rule": "not_a_label", "evidence": "Yes."}],
    },
    "revise": {
        "instruction": _INSTRUCTION,
        "input": "No.",
        "output": "Yes.",
        "is_classification": True,
        "fault": "It is no label.",
        "change": "Choose a label.",
    },
    "compare_tasks": {
        "first": {"instruction": _INSTRUCTION, "input": "No.", "output": "negative"},
        "second": {"instruction": "Name a river.", "input": "", "output": "The Rhine"},
    },
    "rewrite": {
        "instruction": _INSTRUCTION,
        "input": "",
        "is_classification": True,
        "faults": ["unclear", "missing input"],
        "fault": "One cannot tell which review is meant.",
        "change": "Say which review.",
    },
    "evolve": {"instruction": _INSTRUCTION, "operator": "constraints"},
    "elimination": {"instruction": "Name a river.", "evolved": "Name a river in Asia."},
    "tagging": {"instruction": _INSTRUCTION, "axis": "topic", "entries": [{"name": "food", "wanted": "about food"}]},
    "back_translate": {"text": "It was a fine day."},
    "magpie": {"system_start": "<system>", "system_end": "</system>", "user_start": "<user>", "subject": "rivers"},
}


def _judging(name: str, templates: Templates | None = None, *, is_chat: bool = True, image: bool = False) -> StagePrompt:
    """Return one of the prompts of whoever looks at an example: the judge, and the critic."""
    shown = templates or Templates.load()
    return StagePrompt(
        stage=JUDGING, template=name + SUFFIX, templates=shown, system=f"judge_system{SUFFIX}", is_chat=is_chat,
        partial_variables={"image": image},
    )  # fmt: skip


def _writing(name: str, templates: Templates | None = None, *, is_chat: bool = True, image: bool = False) -> StagePrompt:
    """Return one of the prompts of whoever writes an output, or an instruction, again."""
    return StagePrompt(
        stage=name, template=name + SUFFIX, templates=templates or Templates.load(), is_chat=is_chat,
        partial_variables={"image": image},
    )  # fmt: skip


def _of_kind(templates: Templates, shown: FewShotTasks) -> StagePrompt:
    """Return the question that a completion model's probabilities answer."""
    return StagePrompt(
        stage=StageName.CLASSIFICATION, template=f"classification_kind{SUFFIX}", templates=templates, is_chat=False,
        partial_variables={"demonstrations": _mappings(shown.classification)},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PromptSet:
    """The prompts, each a runnable from its variables to a prompt value.

    `instructions` takes `demonstrations` (a list of instructions) and `subjects` (as many); `classification`, `input_first` and
    `output_first` take the `instruction`, the first also the two `words` that may answer it; `classification_kind` asks the
    same of a completion model that tells how likely it found each of them. The prompts named `again` are the same with a
    sentence that says what was wrong with the first answer; but for `classification_again` they also take `wrong`, the reason
    it could not be read.

    `judge` takes `instruction`, `input`, `output` and `kind` (of task, `chains.stages.task_kinds`), `compare` the outputs
    `first` and `second`. `regenerate` takes `instruction`, `input` and `is_classification`; `critique` what `judge` does and
    `flags` (each with `rule` and `evidence`); `revise` what `regenerate` does and `output`, `fault` and `change`.
    `rewrite` takes what `regenerate` does and `faults` (by their names, `chains.refinement.rewriting`), `fault` and `change`;
    `compare_tasks` two examples, `first` and `second`, each with `instruction`, `input` and `output`.
    `evolve` takes the `instruction` and an `operator` (`settings.proposers.Operator`), `elimination` the `instruction` and what
    `evolved` from it, `back_translate` a `text`, `magpie` `system_start`, `system_end` and `user_start` (`prompts.chat_forms`)
    and a `subject`; `tagging` the `instruction`, and an `axis` (`retrievers.taxonomy`) with its `entries`.

    Any of them may be a prompt of LangChain, whose variables are among these; a `TemplateError` says where they are not.
    """

    instructions: Prompt
    instructions_again: Prompt
    classification: Prompt
    classification_again: Prompt
    input_first: Prompt
    input_first_again: Prompt
    output_first: Prompt
    output_first_again: Prompt
    classification_kind: Prompt = field(default_factory=lambda: _of_kind(Templates.load(), shipped_few_shot_tasks()))
    judge: Prompt = field(default_factory=partial(_judging, "judge"))
    judge_again: Prompt = field(default_factory=partial(_judging, "judge_again"))
    compare: Prompt = field(default_factory=partial(_judging, "compare"))
    compare_again: Prompt = field(default_factory=partial(_judging, "compare_again"))
    regenerate: Prompt = field(default_factory=partial(_writing, "regenerate"))
    critique: Prompt = field(default_factory=partial(_judging, "critique"))
    critique_again: Prompt = field(default_factory=partial(_judging, "critique_again"))
    revise: Prompt = field(default_factory=partial(_writing, "revise"))
    rewrite: Prompt = field(default_factory=partial(_writing, "rewrite"))
    compare_tasks: Prompt = field(default_factory=partial(_judging, "compare_tasks"))
    compare_tasks_again: Prompt = field(default_factory=partial(_judging, "compare_tasks_again"))
    evolve: Prompt = field(default_factory=partial(_writing, "evolve"))
    elimination: Prompt = field(default_factory=partial(_judging, "elimination"))
    tagging: Prompt = field(default_factory=partial(_judging, "tagging"))
    back_translate: Prompt = field(default_factory=partial(_writing, "back_translate"))
    magpie: Prompt = field(default_factory=partial(_writing, "magpie"))
    subjects: tuple[str, ...] = ()
    """What a request for new instructions may name for them to be about."""

    def __post_init__(self) -> None:
        for name in _PROMPTS:
            available = _sample(name, Reason.EMPTY).keys()
            object.__setattr__(self, name, custom_prompt(getattr(self, name), name, available))

    def with_own(self, **own: Prompt | Runnable[Any, Any]) -> PromptSet:
        """Return these prompts but for those named; one for a first attempt is the second's too, where that is not named.

        Raises `TemplateError` for a name that no prompt has.
        """
        if unknown := sorted(own.keys() - set(_PROMPTS)):
            raise TemplateError(f"there is no prompt {unknown[0]!r}; there are {', '.join(_PROMPTS)}.")
        again = {f"{name}{AGAIN}": prompt for name, prompt in own.items() if name in _SAMPLES}
        return replace(self, **{**again, **own})  # type: ignore[arg-type]  # made prompts when the set is

    def try_all(self) -> None:
        """Render each prompt with made-up variables; raises the `TemplateError` of the first that fails."""
        for name in _PROMPTS:
            for wrong in _WHY_AGAIN if name.endswith(AGAIN) else _WHY_AGAIN[:1]:
                getattr(self, name).format_prompt(**_sample(name, wrong))


_PROMPTS = tuple(one.name for one in fields(PromptSet) if one.name != "subjects")


def prompt_set(
    templates: Templates | None = None,
    shown: FewShotTasks | None = None,
    *,
    classification_only: bool = False,
    completion: Collection[str] = (),
    image: bool = False,
) -> PromptSet:
    """Return the prompts over these templates and few-shot tasks (by default, those that ship with us).

    `completion` names the stages whose model is a completion model: theirs are rendered in that form, the others for chat.
    `image`: each task is about an image that is sent with the prompt.
    """
    templates, shown = templates or Templates.load(), shown or shipped_few_shot_tasks()
    make = _Maker(templates, completion, image=image)
    return PromptSet(
        **make.pair("instructions", StageName.INSTRUCTIONS, classification_only=classification_only, wanted="", complaint=""),
        **make.pair(
            "classification",
            StageName.CLASSIFICATION,
            demonstrations=_mappings(shown.classification),
            complaint="",
            words=_WORDS,
        ),
        **make.pair("input_first", StageName.INSTANCES, "instances_", demonstrations=_mappings(shown.input_first)),
        **make.pair("output_first", StageName.INSTANCES, "instances_", demonstrations=_mappings(shown.output_first)),
        **make.others(),
        classification_kind=_of_kind(templates, shown),
        subjects=_subjects(templates),
    )


def _subjects(templates: Templates) -> tuple[str, ...]:
    """Return what tasks may be about, a line of the template each."""
    name = f"subjects{SUFFIX}"
    said = templates.render(name, {}) if name in templates.sources else ""
    return tuple(line for line in said.split("\n") if line.strip())


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the prompts of a set by their names in it, each in the form that its stage's model takes."""

    templates: Templates
    completion: Collection[str]
    image: bool

    def pair(self, name: str, stage: str, prefix: str = "", **filled_in: object) -> dict[str, StagePrompt]:
        """Return a prompt and that of a second attempt, whose template says its own complaint."""
        return {
            f"{name}{again}": StagePrompt(
                stage=stage,
                template=f"{prefix}{name}{again}{SUFFIX}",
                templates=self.templates,
                is_chat=stage not in self.completion,
                partial_variables={**filled_in, "image": self.image},
            )
            for again in ("", AGAIN)
        }

    def others(self) -> dict[str, StagePrompt]:
        """Return the prompts of whoever judges, writes again or proposes; a proposer's is about no image."""
        judging = {name: (_judging, _judge_of(name), self.image) for name in JUDGE_PROMPTS}
        writing = {name: (_writing, name, self.image) for name in WRITING_PROMPTS}
        proposing = {name.replace("-", "_"): (_writing, name, False) for name in PROPOSING[1:]}
        choosing = {"elimination": (_judging, Proposer.EVOLVE.stage, False), "tagging": (_judging, TAGGING, False)}
        return {
            name: of_kind(name, self.templates, is_chat=stage not in self.completion, image=image)
            for name, (of_kind, stage, image) in {**judging, **writing, **proposing, **choosing}.items()
        }


def _mappings(tasks: Sequence[SeedTask]) -> list[dict[str, Any]]:
    """Return tasks as mappings: the sandbox checks every attribute of an object, which takes half the time of a prompt."""
    return [asdict(task) for task in tasks]


def _judge_of(prompt: str) -> str:
    """Return the stage whose model answers one of the judge's prompts: the critic may be another."""
    return "critique" if prompt.startswith("critique") else JUDGING


def demonstrated_texts(prompts: PromptSet) -> Iterator[str]:
    """Yield the instructions, inputs and outputs that the few-shot prompts show; of a prompt of LangChain nothing is known."""
    for prompt in (prompts.classification, prompts.input_first, prompts.output_first):
        for task in getattr(prompt, "partial_variables", {}).get("demonstrations", ()):
            yield task["instruction"]
            yield from (text for one in task["instances"] for text in (one["input"], one["output"]))


def _sample(name: str, wrong: Reason) -> dict[str, object]:
    """Return made-up variables for the prompt with this name: those that its stage gives."""
    first = name.removesuffix(AGAIN)
    return {**_SAMPLES[first], **({} if name == first else {"wrong": wrong})}

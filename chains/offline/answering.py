"""Answer a prompt by rule: read it, let the grammar write, put in the faults a real model has.

The answer is a function of the prompt's text and a seed alone, in any process and thread. `model` wraps it for LangChain.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from self_instruct.chains.offline import faults, guessing, judging, proposing, reading
from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Kind
from self_instruct.chains.offline.grammar import grammar
from self_instruct.chains.offline.phrases import PHRASES
from self_instruct.records.tasks import Instance
from self_instruct.retrievers.taxonomy import shipped_taxonomy

LOOKED_AT = 60  # tasks that are drawn where a kind of them is wanted: a model does not always do as it is told
AS_WANTED = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says, and why it stopped: "stop", or "length" where it was cut off."""

    text: str
    finish_reason: str = "stop"


def answer(human: str, system: str = "", *, seed: int = 0, with_faults: bool = True) -> Answer:
    """Return the answer to a prompt: the continuation of a list, yes or no, instances, a task, an output, a verdict, talk."""
    prompt = reading.read_prompt(human, system)
    said = f"{system}\0{human}"
    draws = Draws.keyed(seed, "content", said)
    flaws = Draws.keyed(seed, "faults", said) if with_faults else None
    if isinstance(prompt, reading.ListPrompt):
        return _answer_list(prompt, draws, flaws)
    if isinstance(prompt, reading.QuestionPrompt):
        return _answer_question(prompt, flaws)
    if isinstance(prompt, reading.InstancePrompt):
        return _answer_instances(prompt, draws, flaws)
    if isinstance(prompt, reading.JudgePrompt):
        return Answer(judging.judged(prompt, draws, flaws))
    if isinstance(prompt, reading.ComparePrompt):
        return Answer(judging.compared(prompt, draws, seed))
    if isinstance(prompt, reading.CritiquePrompt):
        return Answer(judging.criticised(prompt, draws, flaws))
    if isinstance(prompt, reading.RewritePrompt):
        return Answer(grammar().instruction(draws, _is_classification(prompt.instruction)))
    if isinstance(prompt, reading.OutputPrompt):
        return _answer_output(prompt, draws, flaws)
    if isinstance(prompt, reading.EvolvePrompt | reading.AnsweredPrompt | reading.UserTurnPrompt):
        return Answer(proposing.proposal(prompt, draws, flaws))
    return Answer(
        guessing.choice(prompt.choices, draws) if isinstance(prompt, reading.ChoicePrompt) else guessing.small_talk(prompt.text)
    )


def _answer_list(prompt: reading.ListPrompt, draws: Draws, flaws: Draws | None) -> Answer:
    tasks = [_task(prompt, place, draws) for place in range(prompt.last - prompt.first + 1)]
    if flaws is None:
        return Answer(_as_list(tasks, prompt))
    fate = flaws.fraction()
    worsened = faults.worsened_list(tasks, prompt.demonstrations, flaws)
    if fate < (bound := faults.CUT_OFF_LIST):
        return Answer(faults.cut_off(_as_list(worsened, prompt), flaws), "length")
    if fate < (bound := bound + faults.NO_LIST):
        return Answer(flaws.one(PHRASES["no list"]))
    return Answer(_as_list(worsened, prompt, step=0 if fate < bound + faults.MISNUMBERED_LIST else 1))


def _task(prompt: reading.ListPrompt, place: int, draws: Draws) -> str:
    """Return a new task; of several that are drawn the first that is as wanted, or else comes nearest to it."""
    if not prompt.wanted:
        return grammar().instruction(draws, prompt.classification_only)
    subject = prompt.subjects[place] if place < len(prompt.subjects) else ""
    best, nearest = -1, ""
    for _ in range(LOOKED_AT):
        task = grammar().instruction(draws, prompt.classification_only)
        best, nearest = max((best, nearest), (_likeness(task, prompt.wanted, subject), task), key=lambda found: found[0])
        if best == AS_WANTED:
            break
    return nearest


def _likeness(task: str, wanted: str, subject: str) -> int:
    """Return how many are as wanted of a task's kind, subject and aspect; 0 for one of no cell. No aspect may be wanted."""
    entries = (taxonomy := shipped_taxonomy()).entries_of(task)
    if (cell := taxonomy.cell(entries)) is None:
        return 0
    kind = taxonomy.wanted(cell)
    aspects = tuple(taxonomy.entry(at, name).wanted for at, name in enumerate(entries) if name and at >= len(cell))
    return wanted.startswith(kind) + (subject in taxonomy.subjects(cell)) + (wanted == kind or wanted.endswith(aspects))


def _as_list(tasks: Sequence[str], prompt: reading.ListPrompt, step: int = 1) -> str:
    """Return the tasks as a numbered list, or as the rest of the one whose first number stands in the prompt already."""
    lines = [f"{prompt.first + step * number}. {task}" for number, task in enumerate(tasks)]
    return "\n".join([f" {tasks[0]}", *lines[1:]] if prompt.is_begun else lines)


def _answer_question(prompt: reading.QuestionPrompt, flaws: Draws | None) -> Answer:
    if flaws is not None and not prompt.is_reminded and flaws.fraction() < faults.UNDECIDED:
        return Answer(flaws.one(PHRASES["undecided"]))
    return Answer(prompt.words[not _is_classification(prompt.instruction)])


def _is_classification(instruction: str) -> bool:
    known = grammar().recognised(instruction)
    return known.family.kind is Kind.CLASSIFICATION if known else guessing.is_probably_classification(instruction)


def _answer_instances(prompt: reading.InstancePrompt, draws: Draws, flaws: Draws | None) -> Answer:
    known = grammar().recognised(prompt.instruction)
    is_output_first = prompt.is_output_first
    instances = known.instances(draws) if known else guessing.guessed_instances(prompt.instruction, is_output_first, draws)
    write = _label_first if is_output_first else _input_first
    fate = flaws.fraction() if flaws is not None else 1.0
    if flaws is None or fate >= faults.CUT_OFF_INSTANCES + faults.NO_INSTANCES + faults.FAULTY_INSTANCES:
        return Answer(write(instances))
    if fate < faults.CUT_OFF_INSTANCES:
        return Answer(faults.cut_off(write(instances), flaws), "length")
    if fate < faults.CUT_OFF_INSTANCES + faults.NO_INSTANCES:
        return Answer(flaws.one(PHRASES["no instances"]))
    return Answer(write(faults.worsened_instances(instances, is_output_first, flaws)))


def _answer_output(prompt: reading.OutputPrompt, draws: Draws, flaws: Draws | None) -> Answer:
    """Return an output of the task's own where it is known and has no input, or has labels; else a plain guess."""
    known = grammar().recognised(prompt.instruction)
    if known and (known.family.kind is Kind.CLASSIFICATION or not prompt.input):
        written = draws.one(known.instances(draws)).output
    else:
        written = guessing.guessed_output(prompt.instruction, prompt.input, draws)
    if flaws is not None and flaws.fraction() < faults.CUT_OFF_INSTANCES:
        return Answer(faults.cut_off(written, flaws), "length")
    return Answer(written)


def _input_first(instances: Sequence[Instance]) -> str:
    if not instances[0].input:
        return f"Output: {instances[0].output}"
    return "\n".join(
        f"Example {number}\nInput: {instance.input}\nOutput: {instance.output}" for number, instance in enumerate(instances, 1)
    )


def _label_first(instances: Sequence[Instance]) -> str:
    return "\n".join(f"Class label: {instance.output}\n{instance.input}".rstrip() for instance in instances)

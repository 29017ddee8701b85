"""Judge by rule, so that a judged run can be tried and tested without a model: what looks broken is wrong, the rest is drawn.

A verdict is a function of what is judged and of the seed alone. It says nothing about how good an example is.
"""

from dataclasses import dataclass, replace

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.faults import UNREAD, UNREAD_AGAIN
from self_instruct.chains.offline.phrases import PHRASES
from self_instruct.chains.offline.reading import ComparePrompt, CritiquePrompt, JudgePrompt

ALL_RIGHT = 0.62  # of the examples in which nothing looks broken
WRONG_OUTPUT = 0.22
UNFIT_INPUT = 0.10  # the others: an unsure answer
SHORT_TASK = 6  # words; an instruction of fewer is too simple
FAULT_IN_OUTPUT = 0.75  # of the examples in which nothing looks broken and a fault is looked for
FAULT_ELSEWHERE = 0.10  # the others: no fault
FIRST_IN_ANY_CASE = 0.15  # of the comparisons: whatever stands first is better


@dataclass(frozen=True, slots=True)
class _Opinion:
    reason: str
    valid: str = "yes"
    input_fits: str = "yes"
    output_correct: str = "yes"
    score: int = 5
    concerns: str = "none"

    def __str__(self) -> str:
        answers = (("Valid task", self.valid), ("Input fits", self.input_fits), ("Output correct", self.output_correct))
        last = (f"Score: {self.score}", f"Concerns: {self.concerns}")
        lines = (f"Reason: {self.reason}", *(f"{label}: {said}" for label, said in answers), *last)
        return "\n".join(lines)


def judged(prompt: JudgePrompt, draws: Draws, flaws: Draws | None) -> str:
    """Return the verdict on an example; with `flaws`, now and then talk that nobody can read."""
    if flaws is not None and flaws.fraction() < (UNREAD_AGAIN if prompt.is_reminded else UNREAD):
        return flaws.one(PHRASES["unread verdicts"])
    opinion = _opinion(prompt, draws)
    is_short = len(prompt.instruction.split()) < SHORT_TASK
    return str(replace(opinion, concerns="too simple") if is_short and opinion.concerns == "none" else opinion)


def _opinion(prompt: JudgePrompt, draws: Draws) -> _Opinion:
    if prompt.instruction in PHRASES["unfit tasks"]:
        return _Opinion("Nobody can do this with words alone.", valid="no", output_correct="no", score=0, concerns="unclear")
    if not prompt.output or prompt.output == prompt.input or prompt.output.endswith(":"):
        return _Opinion("The output is not an answer.", output_correct="no", score=1)
    fate = draws.fraction()
    if fate < ALL_RIGHT:
        return _Opinion("It does what the task asks.", score=draws.whole(3, 5))
    if fate < (bound := ALL_RIGHT + WRONG_OUTPUT):
        return _Opinion("The output misses the point of the task.", output_correct="no", score=draws.whole(1, 2))
    if fate < bound + UNFIT_INPUT:
        return _Opinion("The input is not what the task speaks of.", input_fits="no", score=draws.whole(1, 3))
    return _Opinion("It is hard to say whether this is right.", output_correct="unsure", score=draws.whole(2, 3))


def compared(prompt: ComparePrompt, draws: Draws, seed: int) -> str:
    """Return which output is better: the same one in both orders, but for a share in which it is whatever stands first."""
    if prompt.first == prompt.second:
        return "Reason: The two are the same.\nBetter: tie"
    if draws.fraction() < FIRST_IN_ANY_CASE:
        return "Reason: The first one answers well.\nBetter: A"
    pair = sorted((prompt.first, prompt.second))
    better = Draws.keyed(seed, "comparison", prompt.instruction, *pair).one(pair)
    return f"Reason: It does more of what is asked.\nBetter: {'A' if better == prompt.first else 'B'}"


def criticised(prompt: CritiquePrompt, draws: Draws, flaws: Draws | None) -> str:
    """Return the worst fault of an example: what was flagged, an unfit task, or one that is drawn."""
    if flaws is not None and flaws.fraction() < (UNREAD_AGAIN if prompt.is_reminded else UNREAD):
        return flaws.one(PHRASES["unread verdicts"])
    fate = draws.fraction()
    if prompt.instruction in PHRASES["unfit tasks"]:
        return "Fault: Nobody can do this with words alone.\nChange: Ask for something that can be written.\nWhere: task"
    if prompt.is_flagged or fate < FAULT_IN_OUTPUT:
        return "Fault: The output leaves out what the task asks for.\nChange: Answer the task itself.\nWhere: output"
    if fate < FAULT_IN_OUTPUT + FAULT_ELSEWHERE:
        return "Fault: The input is not what the task speaks of.\nChange: Give an input of that kind.\nWhere: input"
    return "Fault: none\nChange: nothing\nWhere: nothing"

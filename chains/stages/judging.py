"""The judge: each instance of a task is asked about in one or several votes, and every vote becomes a verdict.

The questions are those of the paper's own review (Wang et al. 2023, arXiv:2212.10560, section 3.4): is the task valid, does the
input fit, is the output correct. A reply that cannot be read is asked for once more, and is then an unread vote: it is counted,
and is neither a score nor lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from self_instruct.chains.stages.each_instance import EachInstanceStage
from self_instruct.chains.stages.stage import Step, as_task
from self_instruct.chains.stages.task_kinds import task_kind
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.verdict_parser import VoteParser
from self_instruct.prompts.stage_prompt import Prompt, prompt_text
from self_instruct.records.errors import InputError
from self_instruct.records.judgements import JUDGING, AnyVote, Judgement, Unread, judgement, vote_of
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Reason, SeedTask, Task, Verdict
from self_instruct.settings.sections import JudgingSettings
from self_instruct.settings.settings import Settings

TRIES = 2
"""The attempts of a vote: attempts 1 and 2 are the first vote's, 3 and 4 the second's."""
VERDICT = (
    "Reason: It does what the task asks.\nValid task: yes\nInput fits: yes\nOutput correct: yes\nScore: 5\nConcerns: none\n"
)
REASON_BYTES = 200  # one to three sentences
HASH_DIGITS = 12


class JudgingStage(EachInstanceStage):
    """Asks about each instance in turn, so often as there are votes. `name` is another for each further judge of a run."""

    name = JUDGING
    needs_kind = False
    settings: JudgingSettings

    def __init__(self, settings: Settings, prompts: PromptSet, name: str = JUDGING) -> None:
        super().__init__(settings, prompts)
        self.name = name  # type: ignore[misc]  # a run's second judge is another stage of the same class
        self.votes = self.settings.vote_count
        self._prompts = (prompts.judge, prompts.judge_again)
        self._parser = VoteParser()
        self._hash = lru_cache(maxsize=16)(self._hashed)

    # what is asked

    def prompt(self, about: Task, attempt: int = 1) -> Prompt:
        """Return the judge's prompt; that of a vote's second attempt says what was wrong with the first."""
        del about
        return self._prompts[_try_of(attempt) - 1]

    def variables(self, about: Task, request: RequestId) -> dict[str, Any]:
        """Return the instance that the question is about, and the kind of task."""
        kind = task_kind(about.instruction, about.is_classification).value
        return {**super().variables(about, request), "kind": kind}

    def before(self, request: RequestId) -> RequestId | None:
        """Return the attempt whose reply could not be read, where this is a vote's second."""
        return super().before(request) if _try_of(request.attempt) > 1 else None

    def prompt_hash(self, about: Task, attempt: int) -> str:
        """Return the hash of all that the judge is told but for the instance: the same for every task of a kind."""
        return self._hash(task_kind(about.instruction, about.is_classification).value, _try_of(attempt))

    def _hashed(self, kind: str, attempt: int) -> str:
        blanks = {name: f"{{{name}}}" for name in ("instruction", "input", "output")}
        wrong = {"wrong": Reason.UNREADABLE.value} if attempt > 1 else {}
        told = prompt_text(self._prompts[attempt - 1].format_prompt(**blanks, kind=kind, **wrong))
        return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_DIGITS]

    # what a reply decides

    def parser(self, about: Task) -> VoteParser:
        """Return the reader of votes."""
        del about
        return self._parser

    def decide(self, request: RequestId, about: Task, reply: Reply | Refusal) -> Step:
        """Return the verdict that a reply is, and the next question; one that cannot be read is asked for once more."""
        read = self._read(reply)
        may_ask_again = self.attempts > 1 and _try_of(request.attempt) == 1
        if isinstance(read, Unread) and may_ask_again and read.why != Reason.REFUSED_BY_PROVIDER:
            return Step(again=replace(request, attempt=request.attempt + 1), wrong=read.why)
        step = self.conclude(about, read, request)
        answers = {**step.verdicts[0].answers, **({"model": reply.model} if reply.model else {})}
        return replace(step, verdicts=(replace(step.verdicts[0], answers=answers),))

    def answers(self, read: AnyVote) -> Mapping[str, str | int]:
        """Return a vote as the ledger keeps it."""
        return read.answers()

    def conclude(self, about: Task, read: AnyVote, request: RequestId) -> Step:
        """Return a vote as a verdict, and the question of the next vote or about the next instance."""
        vote = vote_number(request)
        answers = {**self.answers(read), "prompt": self.prompt_hash(about, request.attempt)}
        return Step(verdicts=(Verdict(self.name, request.instance, answers, vote),), again=self._next(about, request, vote))

    def _read(self, reply: Reply | Refusal) -> AnyVote:
        return Unread(Reason.REFUSED_BY_PROVIDER, reply.words) if isinstance(reply, Refusal) else self._parser.read(reply)

    def _next(self, about: Task, request: RequestId, vote: int) -> RequestId | None:
        if vote < self.votes:
            return first_attempt(request, vote + 1)
        following = replace(request, instance=request.instance + 1)
        return first_attempt(following, 1) if following.instance < len(about.instances) else None

    # what it looks like

    def output_bytes(self, seeds: Sequence[SeedTask]) -> float:
        """Return the length of a verdict."""
        del seeds
        return len(VERDICT) + REASON_BYTES

    @property
    def questions_each(self) -> float:
        """How many questions a task is likely to take: the votes on one instance."""
        return float(self.votes)

    # as a chain

    def about(self, given: Any) -> Task:
        """Return the task, with the one instance to be judged, that a mapping or a task means."""
        if isinstance(given, Mapping) and "output" in given:
            given = {**given, "instances": [{"input": given.get("input") or "", "output": given["output"]}]}
        task = as_task(given)
        if len(task.instances) == 1:
            return task
        raise InputError("the judge takes {'instruction': ..., 'input': ..., 'output': ...}, or a task with one instance.")

    def result(self, about: Task, step: Step) -> Judgement:
        """Return what the votes come to."""
        del about
        return judgement(map(vote_of, step.verdicts))


def vote_number(request: RequestId) -> int:
    """Return which vote, from 1, a request asks for."""
    return (request.attempt - 1) // TRIES + 1


def first_attempt(request: RequestId, vote: int) -> RequestId:
    """Return the request that asks for a vote for the first time."""
    return replace(request, attempt=(vote - 1) * TRIES + 1)


def _try_of(attempt: int) -> int:
    return (attempt - 1) % TRIES + 1

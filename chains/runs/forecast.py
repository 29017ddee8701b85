"""What a run is to take yet, stage by stage, from where it stands: for the display, `status` and `--dry-run` alike."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from statistics import fmean
from typing import Any

from self_instruct.chains.budgets.bounds import IMAGE_TOKENS
from self_instruct.chains.budgets.prices import cost
from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.image_runs import SEEN_NOTHING
from self_instruct.chains.runs.outlook import LATEST, Outlook, Range, StageLeft, outlook, requests_for
from self_instruct.chains.runs.pace import Times, times_of
from self_instruct.chains.stages.instructions import expected_yield
from self_instruct.chains.stages.stage import Stage
from self_instruct.ledger import Ledger, RequestId, Spent, StoredTask
from self_instruct.prompts.stage_prompt import prompt_text
from self_instruct.records.replies import Usage
from self_instruct.records.tasks import Proposer, SeedTask, StageName
from self_instruct.settings.sections import Price
from self_instruct.settings.settings import Settings

BYTES_PER_TOKEN = 4  # English text; other scripts have fewer
_OF_TEXTS = Proposer.BACK_TRANSLATE.stage
_OUTPUT_STAGES = (StageName.CLASSIFICATION, StageName.INSTANCES)
INPUT_WEIGHT = 0.05  # the time of a token read, of one written: servers read prompts some twenty times as fast


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands.

    `latest` is how many tasks each of the latest decided instruction requests brought; `ahead` of those after them are
    answered already. `awaiting` counts tasks by the stage whose reply they await.
    """

    kept: int
    target: int | None
    latest: Sequence[int]
    ahead: int
    awaiting: Mapping[str, int]
    spent: Mapping[str, Spent]
    times: Times


def standing_of(ledger: Ledger, target: int | None) -> Standing:
    """Return where the run of a ledger stands; read it within one `Ledger.snapshot`."""
    tasks, decided = list(ledger.tasks()), ledger.progress.request
    brought = Counter(task.id.request for task in tasks)
    return Standing(
        kept=len(tasks),
        target=target,
        latest=[brought[request] for request in range(max(0, decided - LATEST), decided)],
        ahead=len(ledger.instruction_attempts_from(decided)),
        awaiting=awaiting(tasks),
        spent=spent_by_stage(ledger),
        times=times_of(ledger.spans()),
    )


def awaiting(tasks: Sequence[StoredTask]) -> Counter[str]:
    """Return how many tasks await a reply, by stage."""
    return Counter(task.awaits.stage for task in tasks if task.awaits)


def spent_by_stage(ledger: Ledger) -> dict[str, Spent]:
    """Return what a run has spent, by stage."""
    found: dict[str, Spent] = {}
    for (stage, *_), spent in ledger.spending().items():
        found[stage] = found.get(stage, Spent()).plus(spent)
    return found


class Forecast:
    """What the stages of a run are to take yet.

    `price` gives what a model costs, `guess` the tokens of one request of a stage, in and out, before there is experience.
    Requests for instructions are shared by those who bring them as `settings` say, of whom one has so many `texts`.
    """

    def __init__(
        self,
        stages: Sequence[Stage[Any]],
        price: Callable[[str | None], Price | None],
        guess: Callable[[Stage[Any]], tuple[float, float]],
        settings: Settings,
        texts: int = 0,
    ) -> None:
        self._stages = stages
        self._price = price
        self._guess = guess
        self._shares = {proposer.stage: share for proposer, share in settings.shares.items()}
        self._texts = texts
        self._expected = expected_yield(settings)

    def outlook(self, at: Standing) -> Outlook | None:
        """Return what is to be expected; None where there is no target, or no request is decided that would say anything."""
        if at.target is None or not at.latest:
            return None
        return outlook(at.latest, [self._left(at, place) for place in range(len(self._stages))], at.times.parallel)

    def requests(self, at: Standing, place: int) -> Range:
        """Return how many requests the stage at a place is likely to take, for new tasks and for those on their way."""
        stage = self._stages[place]
        if stage.name in self._shares:
            found = self._bringing(at)
            each = (
                None if count is None else self._of(at, stage.name, count) for count in (found.likely, found.low, found.high)
            )
            return Range(*each).times(stage.questions_each)  # type: ignore[arg-type]
        before = [at.awaiting.get(stage.name, 0) for stage in self._stages]
        to_come, passed = self.to_come(at) + sum(before[1:place]), at.kept - sum(before[1 : place + 1])
        spent = at.spent.get(stage.name, Spent())
        per_task = spent.requests / passed if passed > 0 else stage.questions_each * self._share_asked(at, stage)
        return Range.exactly(to_come * per_task + before[place])

    def to_come(self, at: Standing) -> float:
        """Return how many tasks are likely to be kept yet: those missing, or fewer where texts alone bring them and run out."""
        missing = max(0, (at.target or 0) - at.kept)
        if self._shares.get(_OF_TEXTS) != 1:
            return missing
        each = fmean(at.latest) if at.latest else self._expected
        return min(missing, each * (self.texts_left(at) + at.ahead))

    def texts_left(self, at: Standing) -> int:
        """Return how many texts nobody has been asked about."""
        return max(0, self._texts - at.spent.get(_OF_TEXTS, Spent()).requests)

    def runs_out(self, at: Standing) -> bool:
        """Return whether texts are likely to be used up before the target is reached."""
        share = self._shares.get(_OF_TEXTS, 0)
        return share > 0 and self._bringing(at).likely * share > self.texts_left(at)

    def _bringing(self, at: Standing) -> Range:
        """Return how many requests for instructions are to be sent, as long as each proposer has his share."""
        missing = max(0, (at.target or 0) - at.kept)
        return _less(requests_for(missing, at.latest) if at.latest else Range.exactly(ceil(missing / self._expected)), at.ahead)

    def _of(self, at: Standing, name: str, count: float) -> float:
        """Return how many of so many requests are one proposer's; where texts run out, the others bring what is missing."""
        of_texts, left = self._shares.get(_OF_TEXTS, 0), self.texts_left(at)
        if name == _OF_TEXTS:
            return min(count * of_texts, left)
        return requests_of_others(count, of_texts, left, self._expected) * self._shares[name] / (1 - of_texts)

    def _share_asked(self, at: Standing, stage: Stage[Any]) -> float:
        """Return of what share of the tasks to come a stage is asked about: those found for a text have their output."""
        missing = self.to_come(at)
        if stage.name not in _OUTPUT_STAGES or not missing:
            return 1
        return 1 - min(1.0, self._of(at, _OF_TEXTS, self._bringing(at).likely) / missing)

    def usage(self, at: Standing, stage: Stage[Any]) -> tuple[float | None, float | None, float | None]:
        """Return the likely tokens of one request: in, out, cached."""
        spent = at.spent.get(stage.name, Spent())
        if counted := spent.requests - spent.unreported:
            usage = spent.usage
            found = (usage.input_tokens, usage.output_tokens, usage.cached_tokens)
            return tuple(None if count is None else count / counted for count in found)  # type: ignore[return-value]
        return (*self._guess(stage), None)

    def _left(self, at: Standing, place: int) -> StageLeft:
        stage = self._stages[place]
        tokens_in, tokens_out, cached = self.usage(at, stage)
        tokens = None if tokens_in is None or tokens_out is None else tokens_in + tokens_out
        thousand = Usage(*(None if count is None else round(1000 * count) for count in (tokens_in, tokens_out, cached)))
        paid = cost(self._price(stage.model), thousand)
        each = None if paid is None else float(paid) / 1000
        return StageLeft(self.requests(at, place), tokens, each, self._seconds(at, stage))

    def _seconds(self, at: Standing, stage: Stage[Any]) -> float | None:
        """Return the seconds of one request; of a stage that was not answered yet, the others' as its tokens are to theirs."""
        if stage.name in at.times.each:
            return at.times.each[stage.name]
        known = [each for each in self._stages if each.name in at.times.each]
        work = sum(self._work(at, each) for each in known)
        return sum(at.times.each[each.name] for each in known) / work * self._work(at, stage) if work else None

    def _work(self, at: Standing, stage: Stage[Any]) -> float:
        tokens_in, tokens_out, _ = self.usage(at, stage)
        return INPUT_WEIGHT * (tokens_in or 0) + (tokens_out or 0)


def guess_by_seeds(seeds: Sequence[SeedTask], *, is_about_images: bool) -> Callable[[Stage[Any]], tuple[float, float]]:
    """Return a guess of a request's tokens, in and out, from a stage's sample prompts; see `guessed`."""

    @cache
    def guess(stage: Stage[Any]) -> tuple[float, float]:
        questions = [stage.question(RequestId(stage.name, 0), sample.about) for sample in stage.samples(seeds)]
        return guessed(stage, questions, seeds, is_about_images=is_about_images)

    return guess


def guessed(
    stage: Stage[Any], questions: Sequence[Question], seeds: Sequence[SeedTask], *, is_about_images: bool
) -> tuple[float, float]:
    """Return the likely tokens of a stage's request, in and out: those of some questions, and an answer as the seeds are."""
    image = IMAGE_TOKENS if is_about_images and stage.name != SEEN_NOTHING else 0
    return image + fmean(tokens_of(prompt_text(one.prompt)) for one in questions), stage.output_bytes(seeds) / BYTES_PER_TOKEN


def requests_of_others(count: float, of_texts: float, texts: float, each: float) -> float:
    """Return how many of `count` requests are about no text, of which the rest have a share until their `texts` run out.

    Requests of all bring `each` tasks in the mean, one about a text brings one. Where texts run out, the others bring what is
    missing: here after 50 requests, so that 50 more would bring 110 tasks, for which theirs, at 3 tasks each, need 36.7.

    >>> requests_of_others(100, of_texts=0.4, texts=100, each=2.2)
    60.0
    >>> round(requests_of_others(100, of_texts=0.4, texts=20, each=2.2), 1)
    66.7
    """
    until_used = min(count, texts / of_texts) if of_texts else count
    each_of_others = (each - of_texts) / (1 - of_texts)
    after = (count - until_used) * (each / each_of_others if texts else 1)
    return until_used * (1 - of_texts) + after


def tokens_of(text: str) -> float:
    """Return about how many tokens a text has."""
    return len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN


def _less(found: Range, ahead: int) -> Range:
    high = None if found.high is None else max(0.0, found.high - ahead)
    return Range(max(0.0, found.likely - ahead), max(0.0, found.low - ahead), high)

"""Draw the instances that people are shown: by the run's seed, from every stratum in its proportion, each with equal chance.

The instances are put in the order of their strata, by chance within each, and every so manieth is taken from a random start
(systematic sampling). So each has the same chance of being drawn and weighs the same, and the sample may be counted as a random
one; that it is stratified only makes it more even. It is kept with the run, for the marks that come back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.errors import InputError
from self_instruct.records.record import Record
from self_instruct.reports.review.instances import ReviewedInstance

REVIEWS = "reviews"
"""The fact that holds each sample drawn for people, by its id."""


@dataclass(frozen=True, slots=True)
class DrawnInstance(Record):
    """An instance of a sample, by its name, with the stratum it came from and how many of the run's it stands for."""

    name: str
    stratum: str
    weight: float


@dataclass(frozen=True, slots=True)
class ReviewSample(Record):
    """The instances that people are shown, in the order in which they are shown, out of a `population`.

    `raters` is how many people were to be asked.
    """

    id: str
    population: int
    raters: int
    items: tuple[DrawnInstance, ...]

    def remember(self, ledger: Ledger) -> None:
        """Store it with its run."""
        ledger.set_fact(REVIEWS, {**(ledger.fact(REVIEWS) or {}), self.id: self.to_dict()})


def known_samples(ledger: Ledger) -> dict[str, ReviewSample]:
    """Return the samples that were drawn of a run, by their ids."""
    return {name: ReviewSample.from_dict(each) for name, each in (ledger.fact(REVIEWS) or {}).items()}


def draw_sample(
    plan: RunPlan, instances: Sequence[ReviewedInstance], size: int, raters: int, *, only_judged: bool = False
) -> ReviewSample:
    """Return a sample of so many instances, or of all where there are fewer; raises `InputError` where there are none.

    With `only_judged` they are of those that a judge was asked about: where that was a random part of the run (`judge` with
    `sample`), so is this, and judge and people have looked at the same.
    """
    eligible = [each for each in instances if each.judgement is not None or not only_judged]
    if not eligible:
        missing = ("judged", "run judge") if only_judged else ("finished", "generate some")
        raise InputError(f"this run has no {missing[0]} instance to review yet; {missing[1]} first.")
    size = min(size, len(eligible))
    chance = {each.name: plan.draws("review", each.name).random() for each in eligible}
    in_strata = sorted(eligible, key=lambda each: (each.stratum, chance[each.name]))
    step = len(eligible) / size
    start = plan.draws("review", "start", size).random()
    drawn = [in_strata[min(int((start + at) * step), len(eligible) - 1)] for at in range(size)]
    shown = sorted(drawn, key=lambda each: plan.draws("shown", each.name).random())  # whoever stops half-way saw a random half
    items = tuple(DrawnInstance(each.name, each.stratum, len(instances) / size) for each in shown)
    digest = blake2b("\n".join(each.digest for each in shown).encode(), digest_size=6).hexdigest()
    return ReviewSample(digest, len(instances), raters, items)

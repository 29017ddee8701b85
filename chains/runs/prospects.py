"""What a run under way is to bring: its outlook and advice, worked out anew now and then."""

import time
from collections.abc import Callable, Sequence
from functools import cache, partial

from self_instruct.chains.budgets.meter import price_in
from self_instruct.chains.runs.advice import Advice, Tally, advice
from self_instruct.chains.runs.forecast import Forecast, Standing, guess_by_seeds, standing_of
from self_instruct.chains.runs.outlook import Outlook
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.target import expected_target
from self_instruct.chains.stages.stage import Stage
from self_instruct.ledger import Ledger

EVERY_S = 0.5  # between two looks: each takes a fraction of a millisecond, and replies may come by the thousand


class Prospects:
    """Looks at a run at most twice a second; `clock` gives seconds."""

    def __init__(self, plan: RunPlan, stages: Sequence[Stage[object]], clock: Callable[[], float] = time.monotonic) -> None:
        self._forecast = _forecast(plan, stages)
        self._clock = clock
        self._due = float("-inf")
        self._found: tuple[Outlook | None, tuple[Advice, ...]] = (None, ())

    def look(self, standing: Callable[[], Standing], tally: Callable[[], Tally]) -> tuple[Outlook | None, tuple[Advice, ...]]:
        """Return what is to be expected and what is likely wrong, as it was found a moment ago if it was."""
        if self._clock() >= self._due:
            self._found = self._forecast.outlook(standing()), advice(tally())
            self._due = self._clock() + EVERY_S
        return self._found


def expected(plan: RunPlan, ledger: Ledger) -> Outlook | None:
    """Return what is to be expected of the run of a ledger, by what it holds; read it within one `Ledger.snapshot`."""
    forecast = _forecast(plan, plan.stages().all)
    return forecast.outlook(standing_of(ledger, expected_target(ledger, plan.settings)))


def _forecast(plan: RunPlan, stages: Sequence[Stage[object]]) -> Forecast:
    price = cache(partial(price_in, plan.settings))
    guess = guess_by_seeds(plan.seeds, is_about_images=plan.images is not None)
    return Forecast(stages, price, guess, plan.settings, len(plan.texts))

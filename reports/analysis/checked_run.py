"""The checks of a run's dataset, read from its ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.stages.copies import ShownTexts
from self_instruct.ledger import Ledger
from self_instruct.prompts.prompt_set import demonstrated_texts
from self_instruct.records.tasks import PROPOSING
from self_instruct.reports.analysis.checks import Check, Checked, checks, failing
from self_instruct.reports.analysis.kept_tasks import KeptTask, kept_tasks


def failing_checks(ledger: Ledger) -> tuple[Check, ...]:
    """Return the checks that a run's dataset fails as it stands at one moment."""
    with ledger.snapshot():
        plan = RunPlan.of(ledger)
        return failing(checked_run(ledger, plan, kept_tasks(ledger, plan)))


def checked_run(ledger: Ledger, plan: RunPlan, tasks: Sequence[KeptTask]) -> tuple[Check, ...]:
    """Return the checks of these kept tasks of a run; read within one `Ledger.snapshot`."""
    shown = ShownTexts(demonstrated_texts(plan.prompts()))
    refused = ledger.count_rejections()
    return checks(Checked(tasks, _seed_share(plan), refused, _commonly_refused(ledger, refused), shown))


def _commonly_refused(ledger: Ledger, refused: Mapping[tuple[str, str], int]) -> str:
    """Return a candidate that was refused for the commonest reason, or the empty text."""
    counts = Counter[str]()
    for (stage, reason), count in refused.items():
        counts[reason] += count if stage in PROPOSING else 0
    most = max(counts, key=lambda reason: counts[reason], default=None)
    found = (one.text for _, one in ledger.rejections() if one.stage in PROPOSING and one.reason == most)
    return next(found, "")


def _seed_share(plan: RunPlan) -> float | None:
    """Return the share of classification tasks among the seeds, or None where a run is not meant to be like them."""
    if plan.settings.instructions.classification_only or not plan.seeds:
        return None
    return sum(seed.is_classification for seed in plan.seeds) / len(plan.seeds)

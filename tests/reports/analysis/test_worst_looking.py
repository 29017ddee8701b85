"""The worst-looking tasks: what the verifiers find, in the order of how much."""

from self_instruct.ledger import TaskId
from self_instruct.records.tasks import Instance
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.analysis.worst_looking import FlagCount, rules_of, worst_tasks
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.sections import VerifierSettings


def test_the_worst_come_first_with_their_worst_instance() -> None:
    good, doubtful, bad = Instance("", "It is wet."), Instance("N/A", "It is wet."), Instance("", "I am an AI, so no idea.")
    tasks = [
        KeptTask(TaskId(0, n), "Describe the sea to a child.", False, own)
        for n, own in enumerate([(good,), (doubtful,), (good, doubtful, bad)])
    ]
    rules = rules_of(VerifierSettings())
    worst, counts = worst_tasks(tasks, rules, limit=5)
    assert [(each.instance, each.flags) for each in worst] == [(bad, ("refusal",)), (doubtful, ("needless_input",))]
    assert FlagCount("needless_input", 2, 2) in counts
    assert worst_tasks(tasks, rules, limit=1)[0] == worst[:1]


def test_a_run_that_switched_off_a_rule_is_not_looked_at_by_it_and_one_that_has_none_by_the_usual_ones() -> None:
    usual = [rule.name for rule in rules_of(VerifierSettings())]
    assert [rule.name for rule in rules_of(VerifierSettings(missing_input="off"))] == [
        name for name in usual if name != "missing_input"
    ]
    assert [rule.name for rule in rules_of(VerifierSettings.model_validate(PROFILES["paper"]["verifiers"]))] == usual

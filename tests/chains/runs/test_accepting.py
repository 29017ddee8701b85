"""`accept`: a run goes on until exactly so many tasks are accepted, the same ones whichever reply comes first."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.scripted import ScriptedAsker, plan, reply_to

from self_instruct.chains.runs.accepting import AcceptRule, why_not_accepted
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.judgements import JUDGING
from self_instruct.records.replies import Refusal, Reply, Usage
from self_instruct.records.tasks import Flag, Verdict, flags_verdict
from self_instruct.settings.settings import Settings

VOTE = "Reason: so it is.\nValid task: yes\nInput fits: {fits}\nOutput correct: yes\nScore: {score}"


def judged(request: RequestId, given: Mapping[str, Any]) -> Reply | Refusal:
    """Answer as `reply_to`, and judge by a draw that depends on the prompt alone."""
    if request.stage != JUDGING:
        return reply_to(request, given)
    random = Random(given["text"])
    if random.random() < 0.1:
        return Reply("Quite good.", "stop", Usage(10, 5))
    fits = random.choice(["yes", "yes", "no"])
    return Reply(VOTE.format(fits=fits, score=random.randint(2, 5)), "stop", Usage(10, 5))


def ran(directory: Path, accept: int, shuffle: int | None = None, **settings: Any) -> tuple[Outcome, RunPlan]:
    values = {"model": "offline", "num_instructions": 5, "accept": accept, "judging": {"enabled": True}, **settings}
    settled = plan(**values)
    with Ledger.create(directory, settled.facts()) if not Ledger.exists(directory) else Ledger.open(directory) as ledger:
        asker = ScriptedAsker(judged, shuffle=None if shuffle is None else Random(shuffle))
        return asyncio.run(Loop(ledger, settled, asker).run()), settled


def kept(directory: Path, settled: RunPlan) -> list[tuple[str, str | None]]:
    with Ledger.open(directory, read_only=True) as ledger:
        return [(task.instruction, why) for task, why in why_not_accepted(ledger, AcceptRule(settled.settings))]


@pytest.mark.parametrize("accept", [1, 7, 30])
def test_a_run_ends_with_exactly_as_many_accepted_tasks(tmp_path: Path, accept: int) -> None:
    outcome, settled = ran(tmp_path / "run", accept)
    assert outcome.ending is Ending.DONE
    found = kept(tmp_path / "run", settled)
    assert sum(why is None for _, why in found) == accept <= len(found)
    assert found[-1][1] is None  # nothing is kept that was not needed


def test_which_tasks_are_kept_does_not_depend_on_which_reply_comes_first(tmp_path: Path) -> None:
    runs = [tmp_path / str(number) for number in range(4)]
    found = [kept(run, ran(run, 20, number, concurrency=1 + 5 * number)[1]) for number, run in enumerate(runs)]
    assert found[0] == found[1] == found[2] == found[3]


def test_a_target_that_is_raised_goes_on_from_what_is_there(tmp_path: Path) -> None:
    ran(tmp_path / "run", 5)
    outcome, settled = ran(tmp_path / "run", 12)
    assert outcome.ending is Ending.DONE
    assert kept(tmp_path / "run", settled) == kept(tmp_path / "at once", ran(tmp_path / "at once", 12)[1])


def test_without_a_judge_every_task_with_an_instance_is_accepted(tmp_path: Path) -> None:
    _, settled = ran(tmp_path / "run", 6, judging={"enabled": False})
    assert sum(why is None for _, why in kept(tmp_path / "run", settled)) == 6


def test_a_run_that_accepts_nothing_stops_and_says_so(tmp_path: Path) -> None:
    def never(request: RequestId, given: Mapping[str, Any]) -> Reply | Refusal:
        if request.stage == JUDGING:
            return Reply(VOTE.format(fits="no", score=1), "stop", Usage(10, 5))
        return reply_to(request, given)

    settled = plan(model="offline", accept=5, judging={"enabled": True})
    with Ledger.create(tmp_path / "run", settled.facts()) as ledger:
        outcome = asyncio.run(Loop(ledger, settled, ScriptedAsker(never)).run())
    assert outcome.ending is Ending.FRUITLESS
    assert outcome.sentence == "20 requests in a row brought nothing that was accepted"


def test_a_budget_that_ends_first_says_how_far_the_run_is(tmp_path: Path) -> None:
    outcome, _ = ran(tmp_path / "run", 40, max_requests=60)
    assert outcome.ending is Ending.BUDGET
    assert " of 40 tasks accepted" in outcome.sentence
    assert "requests more" in outcome.sentence


def test_too_many_unread_verdicts_stop_the_run(tmp_path: Path) -> None:
    def talking(request: RequestId, given: Mapping[str, Any]) -> Reply | Refusal:
        return Reply("Quite good.", "stop", Usage(10, 5)) if request.stage == JUDGING else reply_to(request, given)

    settled = plan(model="offline", accept=50, judging={"enabled": True})
    with Ledger.create(tmp_path / "run", settled.facts()) as ledger:
        outcome = asyncio.run(Loop(ledger, settled, ScriptedAsker(talking)).run())
        verdicts = list(ledger.verdicts())
    assert outcome.ending is Ending.UNREAD
    assert "could not be read, more than judging.max_unread (0.2) allows" in outcome.sentence
    assert len(verdicts) < 60


YES = {"valid": "yes", "input_fits": "yes", "output_correct": "yes", "reason": ""}


@pytest.mark.parametrize(
    ("votes", "why"),
    [
        ([{**YES, "score": 3}], None),
        ([{**YES, "score": 2}], "score below 3"),
        ([{**YES, "score": 5, "input_fits": "unsure"}], "input fits: unsure"),
        ([{"unread": "empty"}], "verdict unread"),
        ([], "not judged"),
        ([{"unread": "empty"}, {**YES, "score": 4}, {**YES, "score": 3}], None),
        ([{**YES, "score": 5}, {**YES, "score": 1, "valid": "no"}], "valid: unsure"),
    ],
)
def test_the_rule_says_why_an_instance_is_not_accepted(votes: list[dict[str, Any]], why: str | None) -> None:
    verdicts = [Verdict(JUDGING, 0, answers, number) for number, answers in enumerate(votes, 1)]
    assert AcceptRule(Settings(judging={"enabled": True})).why_not(verdicts) == why


def test_a_concern_refuses_only_where_a_setting_says_so() -> None:
    harmful = Verdict(JUDGING, 0, {**YES, "score": 5, "concerns": "harmful"})
    strict = AcceptRule(Settings(judging={"enabled": True, "refused_concerns": ["harmful"]}))
    assert AcceptRule(Settings(judging={"enabled": True})).why_not([harmful]) is None
    assert strict.why_not([harmful]) == "concern: harmful"
    assert strict.why_not([Verdict(JUDGING, 0, {**YES, "score": 5, "concerns": "unclear, too simple"})]) is None
    assert strict.why_not([Verdict(JUDGING, 0, {**YES, "score": 5})]) is None


def test_a_flag_that_is_nearly_always_right_outweighs_the_judge() -> None:
    good = Verdict(JUDGING, 0, {**YES, "score": 5})
    gap, link = (flags_verdict(0, [Flag(rule, "x")]) for rule in ("placeholder", "link"))
    judged = Settings(judging={"enabled": True})
    assert AcceptRule(judged).why_not([good, gap]) == "flagged: placeholder"
    assert AcceptRule(judged).why_not([good, link]) is None
    other = Settings(judging={"enabled": True, "refused_flags": ["link"]})
    assert AcceptRule(other).why_not([good, gap]) is None
    assert AcceptRule(other).why_not([good, link]) == "flagged: link"
    assert AcceptRule(Settings(accept=5, judging={"enabled": False})).why_not([gap]) == "flagged: placeholder"
    assert AcceptRule(Settings()).why_not([gap]) is None


def test_a_task_is_accepted_for_one_accepted_instance() -> None:
    rule = AcceptRule(Settings(judging={"enabled": True}))
    good, bad = Verdict(JUDGING, 1, {**YES, "score": 4}), Verdict(JUDGING, 0, {**YES, "score": 1})
    assert rule.why_task_not(2, [bad, good]) is None
    assert rule.why_task_not(1, [bad]) == "score below 3"
    assert rule.why_task_not(0, []) == "no instance"

"""The account of an improved run: what was gained, by which interval, and that it says so where nothing was."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.scripted import plan

from self_instruct.chains.runs.improvement_plan import ImprovementPlan
from self_instruct.ledger import Ledger, RequestId, StoredTask, TaskId
from self_instruct.records.judgements import JUDGING, Answer, Unread, Vote
from self_instruct.records.replies import Reply, Usage
from self_instruct.records.revisions import Operator, Result, Revision, revision_verdict
from self_instruct.records.tasks import Flag, Instance, Verdict, flags_verdict
from self_instruct.reports.analysis.improvement import Improvement, improvement
from self_instruct.reports.terminal.improving import improvement_lines
from self_instruct.settings.layers import Layer

YES = Answer.YES


def improved(run: Path, scores: Sequence[tuple[int, int | None]], *, also_lost: bool = False) -> Improvement:
    """Return the account of a run whose instances had these scores before and have those after; None: unread.

    Each has another output that won, and if `also_lost` one that lost to that.
    """
    tasks = [
        (StoredTask(TaskId(number, 0), f"task {number}", False, None), (Instance("", "old"),)) for number in range(len(scores))
    ]
    settled = ImprovementPlan.new(plan(), tasks, Layer.said({"model": "openai:writer"}, "test"))
    with Ledger.create(run, settled.facts()) as ledger:
        for (task, _), (before, after) in zip(tasks, scores, strict=True):
            vote = Unread("unreadable") if after is None else Vote(YES, YES, YES, after, "So it is.")
            tried = Revision(
                Operator.REGENERATE, Result.WIN, "old", "new", "judge", flags=("cut_off", "link"), score=float(before)
            )
            ledger.add_task(task)
            ledger.add_instances(task.id, [Instance("", "new")])
            said = [Verdict(JUDGING, 0, vote.answers()), flags_verdict(0, [Flag("link", "www")])]
            lost = replace(tried, operator=Operator.REVISE, result=Result.LOSS, before="new", after="newer")
            revisions = [tried, lost] if also_lost else [tried]
            said += [revision_verdict(0, at, one) for at, one in enumerate(revisions, start=1)]
            ledger.add_verdicts(task.id, said)
            asked = RequestId("regenerate", task.id.request, task.id.item)
            ledger.store_reply(asked, Reply("new", "stop", Usage(90, 10), "openai:writer"))
        return improvement(ledger)


def test_points_are_gained_and_each_has_its_price(tmp_path: Path) -> None:
    found = improved(tmp_path / "new", [(1, 3), (2, 4), (1, 4), (2, 4)])
    assert found.gain
    assert (found.gain.before, found.gain.after, found.gain.points) == (1.5, 3.75, 9.0)
    # The changes are 2, 2, 3, 2: their mean is 2.25, the standard error of it 0.25.
    assert (found.gain.low, found.gain.high) == (pytest.approx(2.25 - 1.96 * 0.25), pytest.approx(2.25 + 1.96 * 0.25))
    assert found.pays
    assert (found.replaced, found.flagged, dict(found.flags)) == (4, (4, 4), {"cut_off": (4, 0), "link": (4, 4)})
    assert any("9 points gained for 4 requests, 400 tokens" in line and "44 tokens a point" in line for line in said(found))


def test_where_scores_do_not_rise_beyond_chance_it_says_that_it_did_not_pay(tmp_path: Path) -> None:
    found = improved(tmp_path / "new", [(1, 5), (4, 1), (2, 3), (3, 2)])
    assert not found.pays
    assert any(line.startswith("it did not pay: no gain beyond chance, for 4 requests") for line in said(found))
    assert improved(tmp_path / "one", [(1, 5)]).pays is False


def test_scores_that_rise_alone_are_not_taken_for_a_gain(tmp_path: Path) -> None:
    found = improved(tmp_path / "new", [(1, 3), (2, 4), (1, 4), (2, 4)], also_lost=True)
    assert found.gain
    assert found.gain.is_plain
    assert found.preferred.value == 0.5
    assert not found.pays
    assert any("as low ones do by themselves" in line for line in said(found))


def test_what_the_judge_did_not_say_is_counted_and_is_no_score(tmp_path: Path) -> None:
    found = improved(tmp_path / "new", [(1, None), (2, None)])
    assert (found.gain, found.unread, found.pays) == (None, 2, False)
    assert any("nobody knows whether it paid" in line for line in said(found))


def said(found: Improvement) -> list[str]:
    return list(improvement_lines(found))


@pytest.mark.parametrize(("judge", "address"), [("openai:writer", "http://127.0.0.1:8100/v1"), ("openai:other", None)])
def test_a_judge_that_is_the_writer_is_reached_as_the_writer_is(judge: str, address: str | None) -> None:
    given = {"model": "openai:writer", "base_url": "http://127.0.0.1:8100/v1", "judging.model": judge}
    assert ImprovementPlan.new(plan(), [], Layer.said(given, "test")).settings.choice(JUDGING).base_url == address

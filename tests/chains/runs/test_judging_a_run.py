"""`judge`: the instances of a run that is there, each vote paid for once, several judges side by side, thresholds for free."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from support.runs import spent_in
from support.scripted import ScriptedAsker, plan, reply_to

from self_instruct.chains.models.families import model_family, same_family
from self_instruct.chains.runs.accepting import AcceptRule, why_not_accepted
from self_instruct.chains.runs.answering import do_all
from self_instruct.chains.runs.judging import Judging, RunJudge, judge_run, run_judge
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.replaying import replay
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.errors import ModelUnavailableError, SettingsError
from self_instruct.records.replies import Refusal, Reply, Usage
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings

VOTE = "Reason: so it is.\nValid task: yes\nInput fits: yes\nOutput correct: {right}\nScore: {score}"


def judged(request: RequestId, given: Mapping[str, Any]) -> Reply | Refusal:
    random = Random(
        given["text"].rpartition("<<<task")[2].partition("output>>>")[0]
    )  # so that what cannot be read cannot be read again
    if random.random() < 0.15:
        return Reply("Quite good.", "stop", Usage(10, 5))
    return Reply(VOTE.format(right=random.choice(["yes", "no"]), score=random.randint(2, 5)), "stop", Usage(10, 5))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    settled = plan(model="offline", num_instructions=20)
    with Ledger.create(tmp_path / "run", settled.facts()) as ledger:
        asyncio.run(Loop(ledger, settled, ScriptedAsker(reply_to)).run())
    return tmp_path / "run"


def without_retries(chosen: RunJudge) -> Settings:
    return chosen.settings.model_copy(update={"retries": 0})


def judge(run: Path, asker: ScriptedAsker, sample: int | None = None, **given: Any) -> Outcome:
    with Ledger.open(run) as ledger:
        settled = RunPlan.of(ledger)
        chosen = run_judge(ledger, settled, Layer({f"judging.{name}": value for name, value in given.items()}, {}))
        chosen.remember(ledger, settled)
        return do_all(ledger, Judging(ledger, settled, chosen, sample), asker, without_retries(chosen))


def verdicts(run: Path) -> list[tuple[Any, ...]]:
    with Ledger.open(run, read_only=True) as ledger:
        return [(task, one.stage, one.instance, one.vote, dict(one.answers)) for task, one in ledger.verdicts()]


def test_every_instance_is_judged_and_each_vote_asked_once_over_all_starts(run: Path) -> None:
    asker = ScriptedAsker(judged)
    assert judge(run, asker).ending is Ending.DONE
    found = verdicts(run)
    with Ledger.open(run, read_only=True) as ledger:
        assert len(found) == ledger.count_instances() > 20
    assert any("unread" in answers for *_, answers in found)
    assert judge(run, asker).ending is Ending.DONE
    assert set(asker.asked.values()) == {1}
    assert verdicts(run) == found


def test_a_smaller_sample_is_part_of_a_larger_one(run: Path) -> None:
    judge(run, ScriptedAsker(judged), sample=5)
    few = verdicts(run)
    asker = ScriptedAsker(judged)
    judge(run, asker, sample=12)
    assert len(few) == 5
    assert len(verdicts(run)) == 12
    assert all(one in verdicts(run) for one in few)
    assert {(one.task, one.instance) for one in asker.asked}.isdisjoint((task, instance) for task, _, instance, *_ in few)


def test_more_votes_ask_only_for_those_that_are_missing(run: Path) -> None:
    asker = ScriptedAsker(judged)
    judge(run, asker, sample=6)
    judge(run, asker, sample=6, votes=3)
    assert set(asker.asked.values()) == {1}
    assert sorted(vote for _, _, _, vote, _ in verdicts(run)) == [1] * 6 + [2] * 6 + [3] * 6


def test_another_model_is_another_judge_and_stands_beside_the_first(run: Path) -> None:
    judge(run, ScriptedAsker(judged), sample=4)
    judge(run, ScriptedAsker(judged), sample=4, model="openai:other")
    judge(run, ScriptedAsker(judged), sample=4, parameters={"temperature": 1, "max_tokens": 9}, votes=1)
    assert sorted(stage for _, stage, *_ in verdicts(run)) == ["judging"] * 4 + ["judging-2"] * 4 + ["judging-3"] * 4


def test_a_provider_that_fails_leaves_what_was_answered_and_it_goes_on(run: Path) -> None:
    left = iter(range(9))

    def fail(_: RequestId) -> None:
        if next(left, None) is None:
            raise ModelUnavailableError("no connection", kind="connection")

    outcome = judge(run, ScriptedAsker(judged, fail=fail))
    assert outcome.ending is Ending.UNAVAILABLE
    asker = ScriptedAsker(judged)
    assert judge(run, asker).ending is Ending.DONE
    with Ledger.open(run, read_only=True) as ledger:
        assert len(verdicts(run)) == ledger.count_instances()
        assert sum(1 for reply in ledger.replies() if reply.request.stage == "judging") == 9 + len(asker.asked)


def test_a_budget_of_the_run_is_kept(run: Path) -> None:
    with Ledger.open(run) as ledger:
        settled = RunPlan.of(ledger)
        spent = spent_in(ledger).requests
        chosen = run_judge(ledger, settled, Layer({"max_requests": spent + 3}, {}))
        outcome = do_all(ledger, Judging(ledger, settled, chosen), ScriptedAsker(judged), without_retries(chosen))
        assert spent_in(ledger).requests == spent + 3
    assert (outcome.ending, outcome.short_of) == (Ending.BUDGET, "max_requests")


def test_a_judge_that_nobody_can_read_is_stopped(run: Path) -> None:
    asker = ScriptedAsker(lambda *_: Reply("Quite good.", "stop", Usage(1, 1)))
    outcome = judge(run, asker)
    assert outcome.ending is Ending.UNREAD
    assert "judging.max_unread" in outcome.sentence


def test_thresholds_change_for_free_by_replay(run: Path, tmp_path: Path) -> None:
    judge(run, ScriptedAsker(judged), votes=2)
    with Ledger.open(run, read_only=True) as before:
        new = replay(before, tmp_path / "strict", Layer({"judging.min_score": 5}, {}))
        with new:
            assert list(new.verdicts()) == list(before.verdicts())
            counts = [
                [why for _, why in why_not_accepted(ledger, AcceptRule.of(ledger, RunPlan.of(ledger).settings))].count(None)
                for ledger in (before, new)
            ]
    assert counts[0] > counts[1]


def test_a_run_that_knows_no_model_says_that_the_judge_must_be_named(run: Path) -> None:
    with Ledger.open(run) as ledger:
        ledger.set_fact("settings", {**ledger.fact("settings"), "model": None})
        with pytest.raises(SettingsError, match="name the judge's with `model="):
            run_judge(ledger, RunPlan.of(ledger), Layer({}, {}))


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("openai:gpt-4.1-mini", "gpt"), ("openai:o3", "gpt"), ("anthropic:claude-sonnet-4", "claude"), ("offline", "offline"),
        ("openrouter:mistralai/mistral-large", "mistral"), (None, None), ("openai:4711", None),
    ],
)  # fmt: skip
def test_a_model_is_of_the_family_that_its_name_begins_with(name: str | None, family: str | None) -> None:
    assert model_family(name) == family


def test_a_judge_of_the_authors_family_is_warned_of() -> None:
    assert same_family("openai:gpt-4.1-mini", "anthropic:claude-sonnet-4") is None
    assert "same family" in str(same_family("openai:gpt-4.1-mini", "openai:o3"))


class OneVote(FakeListChatModel):
    """Notes how many are asked of it at once."""

    under_way: int = 0
    most: int = 0

    async def _agenerate(self, *said: Any, **more: Any) -> Any:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.001)
        self.under_way -= 1
        return self._generate(*said, **more)


@pytest.mark.parametrize("is_here", [True, False])
def test_a_judge_in_this_process_is_asked_one_question_at_a_time(
    run: Path, is_here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("self_instruct.chains.runs.askers.is_in_process", lambda _: is_here)
    model = OneVote(responses=[VOTE.format(right="yes", score=4)])
    with Ledger.open(run) as ledger:
        settled = RunPlan.of(ledger)
        chosen = run_judge(ledger, settled, Layer({"judging.model": "one-vote"}, {}))
        assert judge_run(ledger, settled, chosen, sample=8, models={chosen.name: model}).ending is Ending.DONE
    assert (model.most == 1) is is_here

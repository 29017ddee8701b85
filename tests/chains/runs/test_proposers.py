"""Runs whose instructions others bring than the paper: shares, lineage, and the ledger's promise."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.command import ROOT, Command, assert_refused
from support.scripted import KINDS, WORDS, ScriptedAsker, reply_to, run

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.replaying import replay
from self_instruct.chains.runs.turns import Turns
from self_instruct.ledger import Ledger, Lineage, RequestId, TaskId
from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import Proposer
from self_instruct.retrievers.steering import Steering, Wanted
from self_instruct.settings.layers import Layer

EVOLVING = {"proposers": {"evolve": 2, "self-instruct": 1}, "evolve": {"max_depth": 2}}


def proposal(request: RequestId, given: Mapping[str, Any]) -> Reply:
    """Return one instruction that is a function of the prompt, or what any other stage is told."""
    if request.stage not in set(Proposer):
        return reply_to(request, given)
    return Reply(" ".join(Random(given["text"]).sample(WORDS, 9)), "stop", Usage(10, 5))


def looked_at(request: RequestId, given: Mapping[str, Any]) -> Reply:
    """Return what `proposal` does, but to the question whether an evolution asks for more yes, no, or what nobody can read."""
    if request.stage == "evolve" and request.attempt == 2:
        assert "new task>>>" in given["text"]
        return Reply(Random(given["text"]).choice(["Yes.", "no", "Perhaps"]), "stop", Usage(10, 1))
    return proposal(request, given)


def lineages(run: Path) -> list[Lineage]:
    with Ledger.open(run, read_only=True) as ledger:
        return list(ledger.lineages())


@pytest.mark.parametrize("count", [1, 7, 30, 1000])
def test_each_proposer_has_its_share_of_the_requests_to_within_one(count: int) -> None:
    shares = {Proposer.SELF_INSTRUCT: 0.7, Proposer.EVOLVE: 0.3}
    turns = Turns(shares)
    given = Counter(turn.proposer for number in range(count) if (turn := turns.of(number)))
    assert all(abs(given[one] - share * count) <= 1 for one, share in shares.items())


def test_one_that_has_used_all_he_has_leaves_the_rest_to_the_others() -> None:
    turns = Turns({Proposer.SELF_INSTRUCT: 0.5, Proposer.BACK_TRANSLATE: 0.5}, {Proposer.BACK_TRANSLATE: 3})
    found = [turn.proposer for number in range(20) if (turn := turns.of(number))]
    assert (len(found), found.count(Proposer.BACK_TRANSLATE), set(found[6:])) == (20, 3, {Proposer.SELF_INSTRUCT})
    alone = Turns({Proposer.BACK_TRANSLATE: 1.0}, {Proposer.BACK_TRANSLATE: 2})
    assert [turn and turn.before for turn in map(alone.of, (3, 0, 1, 2))] == [None, 0, 1, None]


def test_an_evolving_run_does_not_depend_on_the_order_of_arrival_and_goes_on_as_it_began(tmp_path: Path) -> None:
    settings = {"num_instructions": 24, "window": 5, **EVOLVING}
    _, calm = run(tmp_path / "calm", ScriptedAsker(proposal), concurrency=1, **settings)
    _, wild = run(tmp_path / "wild", ScriptedAsker(proposal, shuffle=Random(3)), concurrency=64, **settings)
    assert wild == calm
    asker = ScriptedAsker(proposal, shuffle=Random(4))
    for target in (3, 17, 24):
        _, raised = run(tmp_path / "raised", asker, **{**settings, "num_instructions": target})
    assert raised == calm
    assert max(asker.asked.values()) == 1
    seen = len(lineages(tmp_path / "calm"))
    assert lineages(tmp_path / "raised")[:seen] == lineages(tmp_path / "wild")[:seen] == lineages(tmp_path / "calm")


def test_the_ledger_says_of_each_evolution_from_what_by_what_and_how_deep(tmp_path: Path) -> None:
    run(tmp_path / "run", ScriptedAsker(proposal), num_instructions=40, window=2, **EVOLVING)
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        tasks = {task.id: task.instruction for task in ledger.tasks()}
        seeds = [seed["instruction"] for seed in ledger.fact("seeds")]
        found = {lineage.request: lineage for lineage in ledger.lineages()}
        assert all(lineage.text in (ledger.prompt(one, stage="evolve") or lineage.text) for one, lineage in found.items())
    for request, lineage in found.items():
        if lineage.parent is None:
            assert (lineage.text, lineage.depth) == (seeds[lineage.source or 0], 1)
        else:
            above = found.get(lineage.parent.request)
            assert (lineage.text, lineage.depth) == (tasks[lineage.parent], 1 + (above.depth if above else 0))
            assert lineage.parent.request <= request - 2, "the window"
    assert {lineage.depth for lineage in found.values()} == {1, 2}
    assert len({lineage.operator for lineage in found.values()}) > 3


def test_evolutions_are_decided_by_the_same_rules_and_a_replay_decides_them_again(tmp_path: Path, command: Command) -> None:
    half = ("--proposer", "evolve", "--proposer", "self-instruct")
    done = command("generate", "--run", tmp_path / "run", "--model", "offline", "--num-instructions", 20, *half)
    assert done.code == 0, done.err
    assert command("replay", tmp_path / "run", "--run", tmp_path / "again").code == 0
    done = command("replay", tmp_path / "run", "--run", tmp_path / "strict", "--set", "novelty.threshold=0.4")
    assert done.code == 0, done.err
    ledgers = [Ledger.open(tmp_path / name, read_only=True) for name in ("run", "again", "strict")]
    tasks = [[(task.id, task.instruction) for task in ledger.tasks()] for ledger in ledgers]
    assert tasks[1][:20] == tasks[0]
    assert 0 < len(tasks[2]) < 20
    evolved = {lineage.request for lineage in ledgers[0].lineages()}
    assert any(task.request in evolved for task, _ in tasks[0])
    assert ("evolve", "too similar") in ledgers[2].count_rejections()
    other = command("replay", tmp_path / "run", "--run", tmp_path / "other", "--set", "proposers={evolve: 1}")
    assert_refused(other, "which replies are whose does not change")
    for ledger in ledgers:
        ledger.close()
    shown = command("show", tmp_path / "run")
    assert "  evolve: " in shown.out
    assert "  parent: " in shown.out


def test_a_model_that_says_of_each_evolution_whether_it_asks_for_more_changes_nothing_about_the_promise(tmp_path: Path) -> None:
    settings = {"num_instructions": 24, "window": 5, **EVOLVING, "evolve": {"max_depth": 2, "elimination": "model"}}
    _, calm = run(tmp_path / "calm", ScriptedAsker(looked_at), concurrency=1, **settings)
    _, wild = run(tmp_path / "wild", ScriptedAsker(looked_at, shuffle=Random(3)), concurrency=64, **settings)
    assert wild == calm
    asker = ScriptedAsker(looked_at, shuffle=Random(4))
    for target in (3, 17, 24):
        _, raised = run(tmp_path / "raised", asker, **{**settings, "num_instructions": target})
    assert raised == calm
    assert max(asker.asked.values()) == 1
    given_up = [(task.request, one) for task, one in calm["rejections"] if one.evidence.get("by") == "model"]
    assert len(given_up) > 2
    with Ledger.open(tmp_path / "calm", read_only=True) as ledger:
        said = {one.request.request: one.reply for one in ledger.replies() if one.request.attempt == 2}
        assert all(said[request].text == "no" for request, _ in given_up)
        new = replay(ledger, tmp_path / "words", Layer({"evolve.elimination": "words"}, {}))
        with new:
            kept = {(task.id, task.instruction) for task in new.tasks()}
            assert {(task, text) for task, text, *_ in calm["tasks"]} < kept, "as they were, and more"
            assert not [one for _, one in new.rejections() if one.evidence.get("by") == "model"]


@pytest.mark.parametrize(
    ("said", "why"),
    [("evolv", "input should be 'self-instruct', "), ("evolve=0", "input should be greater than 0")],
)
def test_a_proposer_that_cannot_be_is_refused_in_one_line(command: Command, tmp_path: Path, said: str, why: str) -> None:
    assert_refused(command("generate", "--run", tmp_path / "run", "--proposer", said), why)


def test_a_run_keeps_its_proposers(command: Command, tmp_path: Path) -> None:
    begin = ("generate", "--run", tmp_path / "run", "--model", "offline", "--num-instructions")
    assert command(*begin, 2, "--proposer", "evolve").code == 0
    assert_refused(command(*begin, 4, "--proposer", "self-instruct"), "this run was started with proposers = ")
    assert command(*begin, 4).code == 0
    assert {lineage.stage for lineage in lineages(tmp_path / "run")} == {"evolve"}


def test_a_lineage_is_stored_and_read_back(tmp_path: Path) -> None:
    given = [
        Lineage(3, "evolve", "deepen", 2, "Name a\nriver.", TaskId(1, 17)),
        Lineage(4, "evolve", "breadth", 1, "", None, 0),
    ]
    with Ledger.create(tmp_path / "run", {}) as ledger:
        for one in given:
            ledger.set_lineage(one)
        assert list(ledger.lineages()) == given
        assert (ledger.lineage(4), ledger.lineage(5)) == (given[1], None)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A file of six texts."""
    file = tmp_path / "texts.txt"
    lines = (f"It is {number + 7} miles.\nThe {word} meets the {WORDS[-number - 1]}." for number, word in enumerate(WORDS[:6]))
    file.write_text("\n\n".join(lines))
    return file


def test_a_users_texts_become_the_outputs_of_the_instructions_found_for_them(
    command: Command, tmp_path: Path, texts: Path
) -> None:
    given = ("--model", "offline", "--proposer", "back-translate", "--texts", texts)
    done = command("generate", "--run", tmp_path / "run", "--num-instructions", 99, *given)
    assert (done.code, "all texts are used, and " in done.out) == (1, True)
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        stored = {(lineage.request, lineage.source): lineage.text for lineage in ledger.lineages()}
        tasks, instances = list(ledger.tasks()), list(ledger.instances())
        assert {stage for stage, *_ in ledger.spending()} == {"back-translate"}, "nothing else is asked"
    assert list(stored) == [(number, number) for number in range(6)]
    assert list(stored.values()) == texts.read_text().split("\n\n")
    assert all((task.is_classification, task.awaits) == (False, None) for task in tasks)
    assert {task: (one.input, one.output) for task, one in instances} == {
        task.id: ("", stored[task.id.request, task.id.request]) for task in tasks
    }
    assert len(instances) == len(tasks) >= 3
    assert command("generate", "--run", tmp_path / "run").code == 1, "it goes on, and there is still no other text"


def test_texts_are_judged_by_the_same_rules_and_used_once_whatever_the_order(
    command: Command, tmp_path: Path, texts: Path
) -> None:
    mixed = ("--proposer", "back-translate", "--proposer", "self-instruct", "--texts", texts, "--model", "offline")
    found = []
    for name, pace in (("one", 1), ("many", 32)):
        begin = ("generate", "--run", tmp_path / name, "--accept", 12, "--concurrency", pace, "--set", "window=2", *mixed)
        done = command(*begin)
        assert done.code == 0, done.err
        with Ledger.open(tmp_path / name, read_only=True) as ledger:
            found.append((list(ledger.tasks()), list(ledger.instances()), list(ledger.rejections())))
            judged = {task.request for task, verdict in ledger.verdicts() if verdict.stage == "judging"}
            assert {lineage.request for lineage in ledger.lineages()} & judged
    assert found[0] == found[1]
    assert command("replay", tmp_path / "one", "--run", tmp_path / "again").code == 0
    with Ledger.open(tmp_path / "again", read_only=True) as ledger:
        assert set(found[0][1]) <= set(ledger.instances())


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("--proposer", "back-translate"), "proposers names 'back-translate', which needs a file of texts"),
        (("--texts", "{texts}"), "and nobody asks about texts; add 'back-translate' to proposers"),
        (("--proposer", "back-translate", "--texts", "nowhere.txt"), "nowhere.txt: cannot be read"),
    ],
)
def test_texts_that_cannot_be_asked_about_are_refused_in_one_line(
    command: Command, tmp_path: Path, texts: Path, given: tuple[str, ...], why: str
) -> None:
    arguments = [one.format(texts=texts) for one in given]
    assert_refused(command("generate", "--run", tmp_path / "run", "--model", "offline", *arguments), why)


def test_a_run_keeps_its_texts(command: Command, tmp_path: Path, texts: Path) -> None:
    begin = ("generate", "--run", tmp_path / "run", "--model", "offline", "--proposer", "back-translate", "--texts", texts)
    assert command(*begin, "--num-instructions", 1).code == 0
    texts.write_text("Another text.")
    assert_refused(command(*begin, "--num-instructions", 2), "this run was started with other texts")
    assert command(*begin[:3], "--num-instructions", 2).code == 0


def test_all_four_bring_tasks_into_one_pool(command: Command, tmp_path: Path, texts: Path) -> None:
    given = [each for one in Proposer for each in ("--proposer", one)]
    begin = ("generate", "--run", tmp_path / "run", "--model", "offline", "--texts", texts, "--set", "magpie.template=chatml")
    assert_refused(command(*begin[:-2], *given), "set magpie.template (chatml")
    done = command(*begin, *given, "--num-instructions", 20)
    assert done.code == 0, done.err
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        found = {lineage.request: lineage for lineage in ledger.lineages()}
        brought = Counter(
            found[task.id.request].stage if task.id.request in found else "instructions" for task in ledger.tasks()
        )
        asked = {lineage.text for lineage in found.values() if lineage.stage == "magpie"}
    assert set(brought) == {one.stage for one in Proposer}
    assert asked <= set(RunPlan.new(Layer.said({}, "a test")).prompts().subjects)
    assert "  magpie: chatml, depth 0" in command("show", tmp_path / "run").out


def test_what_was_asked_of_a_task_is_counted_to_who_brought_it_and_a_question_about_a_seed_to_nobody(tmp_path: Path) -> None:
    asked = [("instructions", 0), ("evolve", 1), ("classification", 0), ("instances", 1), ("calibration", 1)]
    with Ledger.create(tmp_path / "run", {}) as ledger:
        ledger.set_lineage(Lineage(1, "evolve", "deepen"))
        for stage, request in asked:
            ledger.store_reply(RequestId(stage, request), Reply("x", "stop", Usage(1, 1)))
        found = {stage: spent.requests for (stage, *_), spent in ledger.spending(by_proposer=True).items()}
    assert found == {"instructions": 2, "evolve": 2, "calibration": 1}


def test_only_the_papers_own_requests_are_steered() -> None:
    steering = Steering(KINDS, lambda number: number, 8, lambda number: number % 2 == 0)
    wanted = [steering.wanted(number) for number in range(6)]
    assert wanted[1::2] == [Wanted()] * 3
    assert all(one.cells for one in wanted[0::2])


def test_a_steered_run_with_other_proposers_does_not_depend_on_the_order_of_arrival(tmp_path: Path) -> None:
    settings = {"num_instructions": 12, "window": 4, "steer": True, **EVOLVING}
    _, calm = run(tmp_path / "calm", ScriptedAsker(proposal), concurrency=1, **settings)
    _, wild = run(tmp_path / "wild", ScriptedAsker(proposal, shuffle=Random(3)), concurrency=64, **settings)
    assert wild == calm


def test_others_than_the_papers_do_not_ask_about_images(command: Command, tmp_path: Path) -> None:
    images = ROOT / "examples" / "images" / "images"
    seeds = images.parent / "seeds.jsonl"
    given = ("--model", "offline", "--seeds", seeds, "--images", images, "--proposer", "evolve")
    assert_refused(command("generate", "--run", tmp_path / "run", *given), "only self-instruct asks about images")

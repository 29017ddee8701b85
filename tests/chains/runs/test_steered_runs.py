"""A steered run: the promise holds, the prompts say what is wanted, and the emptiest cells get more."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from support.command import Command, assert_refused
from support.scripted import KINDS, WORDS, ScriptedAsker, reply_to, run, seed

from self_instruct.chains.runs.outcome import Ending
from self_instruct.chains.runs.pool import Pool
from self_instruct.chains.stages.tagging import tags_by_rule
from self_instruct.ledger import Ledger, RequestId, TaskId
from self_instruct.records.replies import Reply, Usage
from self_instruct.reports.analysis.coverage import coverage
from self_instruct.retrievers.taxonomy import shipped_taxonomy
from self_instruct.settings.settings import Settings


def test_a_steered_run_does_not_depend_on_the_order_of_arrival_and_goes_on_as_it_began(tmp_path: Path) -> None:
    settings = {"num_instructions": 40, "window": 5, "steer": True}
    _, calm = run(tmp_path / "calm", ScriptedAsker(), concurrency=1, **settings)
    _, plain = run(tmp_path / "plain", ScriptedAsker(), concurrency=1, **{**settings, "steer": False})
    assert calm != plain
    _, wild = run(tmp_path / "wild", ScriptedAsker(shuffle=Random(3)), concurrency=64, **settings)
    assert wild == calm
    for target in (3, 17, 40):
        _, raised = run(tmp_path / "raised", ScriptedAsker(shuffle=Random(4)), **{**settings, "num_instructions": target})
    assert raised == calm


TAGGED = {"num_instructions": 40, "window": 5, "steer": True, "tagging": {"enabled": True}}


def tagging(request: RequestId, given: Mapping[str, Any]) -> Reply:
    """Return an entry of the axis that is asked about, none, or what nobody can read; to other questions what is usual."""
    if request.stage != "tagging":
        return reply_to(request, given)
    names = KINDS.all_axes[request.instance].names
    return Reply(Random(given["text"]).choice([*names, *names, "none", "I cannot say."]), "stop", Usage(10, 2))


def test_tags_by_a_model_steer_and_the_promise_holds(tmp_path: Path) -> None:
    _, calm = run(tmp_path / "calm", ScriptedAsker(tagging), concurrency=1, **TAGGED)
    _, by_words = run(tmp_path / "words", ScriptedAsker(tagging), concurrency=1, **{**TAGGED, "tagging": {}})
    assert calm != by_words
    asker = ScriptedAsker(tagging, shuffle=Random(3))
    _, wild = run(tmp_path / "wild", asker, concurrency=64, **TAGGED)
    assert wild == calm
    asked = Counter(one.stage for one in asker.asked)
    assert asked["tagging"] > asked["instructions"]
    again = ScriptedAsker(tagging, shuffle=Random(4))
    for target in (3, 17, 40):
        _, raised = run(tmp_path / "raised", again, **{**TAGGED, "num_instructions": target})
    assert raised == calm
    assert set(again.asked.values()) == {1}


def test_a_run_that_is_stopped_at_any_request_and_tags_goes_on_as_it_began(tmp_path: Path) -> None:
    _, calm = run(tmp_path / "calm", ScriptedAsker(tagging), concurrency=1, **TAGGED)
    asker = ScriptedAsker(tagging, shuffle=Random(5))
    for most in range(5, 900, 17):
        outcome, found = run(tmp_path / "rough", asker, **TAGGED, max_requests=most)
        if outcome.ending is Ending.DONE:
            break
    assert found == calm
    assert set(asker.asked.values()) == {1}


def test_no_request_is_drawn_before_what_it_may_see_is_tagged() -> None:
    pool = Pool([seed(0), seed(1)], Settings(window=2, steer=True), 3, KINDS)
    tasks = [TaskId(0, 0), TaskId(1, 0)]
    for task, words in zip(tasks, ("fjord brook zephyr", "heron umber valley"), strict=True):
        pool.offer(task, words)
        pool.await_tag(task)
    assert not pool.may_be_drawn(2, 2), "request 0 brought what is not tagged yet"
    pool.tag(tasks[0], ("fjord", "maple", None))
    assert pool.may_be_drawn(2, 2), "request 1 is of the window"
    assert not pool.may_be_drawn(3, 2)
    pool.tag(tasks[1])
    assert pool.may_be_drawn(3, 2)


def test_the_prompt_says_what_is_wanted_and_the_subjects_are_of_the_thin_cells(tmp_path: Path) -> None:
    run(tmp_path / "run", ScriptedAsker(), num_instructions=10, steer=True)
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        prompt = ledger.prompt(0) or ""
    assert prompt.endswith(" All of them are to be of the knoll, small.")
    assert f": the first about {', the next about '.join(f'the {word}' for word in WORDS[:8])}. Each begins" in prompt


def test_the_offline_model_covers_more_when_it_is_steered(tmp_path: Path, command: Command) -> None:
    said = {}
    for name, more in (("plain", ()), ("steered", ("--steer",))):
        done = command("generate", "--run", tmp_path / name, "--model", "offline", "--num-instructions", 120, *more)
        assert done.code == 0, done.err
        said[name] = json.loads(command("coverage", tmp_path / name, "--json").out)
    assert said["steered"]["entropy_bits"] > said["plain"]["entropy_bits"]
    assert said["steered"]["empty_cells"] < said["plain"]["empty_cells"]
    shown = command("coverage", tmp_path / "steered")
    assert "cells furthest below their target" in shown.out
    assert "input is told by: words " in shown.out
    assert_refused(command("generate", "--run", tmp_path / "de", "--set", "language=de", "--steer"), "name a --taxonomy")
    (tmp_path / "mine.yaml").write_text("kind: {a: {words: [what], wanted: questions}, b: {words: [write], wanted: texts}}")
    mine = ("--steer", "--set", f"taxonomy={tmp_path / 'mine.yaml'}")
    assert command("generate", "--run", tmp_path / "own", "--model", "offline", "--num-instructions", 9, *mine).code == 0
    assert [one["cell"] for one in json.loads(command("coverage", tmp_path / "own", "--json").out)["cells"]] == [["a"], ["b"]]


def test_coverage_counts_cells_and_what_no_word_tells() -> None:
    said = ["Write a poem about the sea.", "Write a tale about a river.", "Hm."]
    found = coverage([tags_by_rule(shipped_taxonomy(), one) for one in said], shipped_taxonomy())
    assert (found.instructions, found.untold, found.counts["nature", "write"]) == (3, 1, 2)
    assert (found.entropy, found.emptiest) == (0.0, 0)


def test_a_subject_that_a_steered_request_named_is_no_part_of_the_instruction(tmp_path: Path) -> None:
    def titled(request: RequestId, given: Mapping[str, Any]) -> Reply:
        if request.stage != "instructions":
            return reply_to(request, given)
        return Reply(f"9. The {WORDS[0]}: Which grove is the oldest one of {WORDS[request.request]}?", "stop", Usage(10, 2))

    for steer, begin in ((True, "Which grove"), (False, "The amber: Which")):
        directory = tmp_path / str(steer)
        run(directory, ScriptedAsker(titled), num_instructions=1, steer=steer)
        with Ledger.open(directory, read_only=True) as ledger:
            assert [task.instruction.startswith(begin) for task in ledger.tasks()] == [True]

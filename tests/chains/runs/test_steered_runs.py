"""A steered run: the promise holds, the prompts say what is wanted, and the emptiest cells get more."""

import json
from pathlib import Path
from random import Random

from support.command import Command, assert_refused
from support.scripted import WORDS, ScriptedAsker, run

from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.coverage import coverage
from self_instruct.retrievers.taxonomy import shipped_taxonomy


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


def test_the_prompt_says_what_is_wanted_and_the_subjects_are_of_the_thin_cells(tmp_path: Path) -> None:
    run(tmp_path / "run", ScriptedAsker(), num_instructions=10, steer=True)
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        prompt = ledger.prompt(0) or ""
    assert "All of them are to be of the knoll. " in prompt
    assert prompt.endswith("".join(f"\n{number}. the {word}" for number, word in enumerate(WORDS[:8], start=9)))


def test_the_offline_model_covers_more_when_it_is_steered(tmp_path: Path, command: Command) -> None:
    said = {}
    for name, more in (("plain", ()), ("steered", ("--steer",))):
        done = command("generate", "--run", tmp_path / name, "--model", "offline", "--num-instructions", 120, *more)
        assert done.code == 0, done.err
        said[name] = json.loads(command("coverage", tmp_path / name, "--json").out)
    assert said["steered"]["entropy_bits"] > said["plain"]["entropy_bits"]
    assert said["steered"]["empty_cells"] < said["plain"]["empty_cells"]
    shown = command("coverage", tmp_path / "steered")
    assert "furthest below their target: " in shown.out
    assert_refused(command("generate", "--run", tmp_path / "de", "--set", "language=de", "--steer"), "name a --taxonomy")
    (tmp_path / "mine.yaml").write_text("kind: {a: {words: [what], wanted: questions}, b: {words: [write], wanted: texts}}")
    mine = ("--steer", "--set", f"taxonomy={tmp_path / 'mine.yaml'}")
    assert command("generate", "--run", tmp_path / "own", "--model", "offline", "--num-instructions", 9, *mine).code == 0
    assert [one["cell"] for one in json.loads(command("coverage", tmp_path / "own", "--json").out)["cells"]] == [["a"], ["b"]]


def test_coverage_counts_cells_and_what_no_word_tells() -> None:
    found = coverage(["Write a poem about the sea.", "Write a tale about a river.", "Hm."], shipped_taxonomy())
    assert (found.instructions, found.untold, found.counts["nature", "write"]) == (3, 1, 2)
    assert (found.entropy, found.emptiest) == (0.0, 0)

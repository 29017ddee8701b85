"""`coverage`: tags by words, by a model that is asked once over all starts, and clusters by any embeddings."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from support.command import Command, assert_refused
from support.runs import spent_in

from self_instruct.ledger import Ledger

BREAD = "topic: {bread: {words: [bread], wanted: about bread}, rest: {words: [zzz], wanted: about anything else}}"


@pytest.fixture
def run(tmp_path: Path, command: Command) -> Path:
    directory = tmp_path / "run"
    assert command("generate", "--run", directory, "--model", "offline", "--num-instructions", 40).code == 0
    return directory


def told(command: Command, run: Path, *more: object) -> dict[str, Any]:
    done = command("coverage", run, "--json", *more)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert sum(found["told_by"].values()) == found["instructions"]
    return found  # type: ignore[no-any-return]


def replies(run: Path, stage: str = "tagging") -> int:
    with Ledger.open(run, read_only=True) as ledger:
        return sum(stored.request.stage == stage for stored in ledger.replies())


def test_a_model_tells_what_words_do_not_and_is_asked_once(run: Path, command: Command) -> None:
    by_words = told(command, run)
    assert set(by_words["told_by"]) == {"words", "not asked"}
    asked = told(command, run, "--model", "offline")
    assert asked["told_by"]["words"] == by_words["told_by"]["words"]
    assert asked["told_by"]["model"] > 0
    assert "not asked" not in asked["told_by"]
    assert asked["untold"] < by_words["untold"] <= replies(run)
    before = replies(run)
    assert told(command, run, "--model", "offline") == asked
    assert replies(run) == before
    assert told(command, run) == by_words, "what another was asked is not the run's own"
    assert "more by a model; of the others: no entry fits" in " ".join(
        command("coverage", run, "--model", "offline").out.split()
    )


def test_one_that_runs_out_of_budget_shows_what_is_told_by_then_and_goes_on(run: Path, command: Command) -> None:
    with Ledger.open(run, read_only=True) as ledger:
        spent = spent_in(ledger).requests
    short = command("coverage", run, "--model", "offline", "--max-requests", spent + 3, "--json")
    assert (short.code, "raise --max-requests" in short.err) == (1, True)
    assert json.loads(short.out)["told_by"]["not asked"] > 0
    assert replies(run) == 3
    assert "not asked" not in told(command, run, "--model", "offline")["told_by"]


def test_another_taxonomy_or_model_is_asked_anew_beside_the_first(run: Path, tmp_path: Path, command: Command) -> None:
    (tmp_path / "mine.yaml").write_text(BREAD)
    told(command, run, "--model", "offline")
    first = replies(run)
    found = told(command, run, "--model", "offline", "--taxonomy", tmp_path / "mine.yaml")
    assert replies(run) == first
    assert 0 < replies(run, "tagging-2") <= found["instructions"]
    told(command, run, "--model", "offline", "--set", "tagging.parameters={temperature: 1}")
    assert replies(run, "tagging-3") == first


def test_a_run_that_tags_by_itself_shows_its_own_tags(tmp_path: Path, command: Command) -> None:
    own, mine, other = tmp_path / "own", tmp_path / "mine.yaml", tmp_path / "other.yaml"
    mine.write_text(BREAD)
    other.write_text(BREAD.replace("bread", "soup"))
    begin = ("generate", "--run", own, "--model", "offline", "--num-instructions", 30, "--set", "tagging.enabled=true")
    assert_refused(command(*begin), "tagging is for a run that steers")
    assert command(*begin, "--steer", "--set", f"taxonomy={mine}").code == 0
    found = told(command, own)
    assert found["told_by"]["model"] > 0
    before = replies(own)
    assert told(command, own, "--model", "offline") == found
    assert replies(own) == before
    assert "model" not in told(command, own, "--taxonomy", other)["told_by"]


def test_who_is_to_be_asked_must_be_named(run: Path, command: Command) -> None:
    assert_refused(command("coverage", run, "--max-requests", 3), "nobody is asked without a model")


class Lengths(Embeddings):
    """Embeddings by the length of a text alone."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [1.0, 0.0] if len(text) < 60 else [0.0, 1.0]


class Wrong(Lengths):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return super().embed_documents(texts)[1:]


def test_embeddings_put_the_tasks_into_clusters(run: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "toy_embeddings", sys.modules[__name__])
    with Ledger.open(run, read_only=True) as ledger:
        short = sum(len(task.instruction) < 60 for task in ledger.tasks())
    given = ("--embeddings", "toy_embeddings.Lengths")
    found = told(command, run, *given)["clustering"]
    sizes = sorted(one["tasks"] for one in found["clusters"])
    assert sizes == sorted((short, 40 - short)), "there are no more than two different vectors"
    assert {len(one["nearest"]) < 60 for one in found["clusters"]} == {True, False}
    assert found["most_bits"] == 1
    assert len(told(command, run, *given, "--clusters", 1)["clustering"]["clusters"]) == 1
    assert "entropy over 2 clusters" in command("coverage", run, *given).out
    assert_refused(command("coverage", run, "--embeddings", "toy_embeddings.Wrong"), "does not give a vector")
    assert_refused(command("coverage", run, "--embeddings", "toy_embeddings.Path"), "is no LangChain class of embeddings")
    assert_refused(command("coverage", run, "--embeddings", "nobody:small"), "embeddings 'nobody:small': ")

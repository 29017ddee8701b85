"""Other harnesses, each with its own mock model where it is installed, give the score that `evaluate` gives."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.command import Command

from self_instruct.evaluation.predictions import load_references, match
from self_instruct.evaluation.results import NAMES, Result, as_json
from self_instruct.evaluation.task_sets import load_task_set

TEXTS = ["it is Paris.\n\nInput: x", "Milan", "hello cats", "Да"]


def expected(tasks: Path, texts: list[str]) -> dict[str, Any]:
    """What `evaluate` says of these answers."""
    matched = match([(None, text) for text in texts], load_references(str(tasks)), "texts")
    return as_json(Result(matched.scored))


def test_inspect_ai_gives_the_same_score(tasks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("inspect_ai")
    tiktoken = pytest.importorskip("tiktoken")
    single = {bytes([byte]): byte for byte in range(256)}  # its own would be fetched, to count the tokens of a mock
    local = tiktoken.Encoding("bytes", pat_str=r"\S+|\s+", mergeable_ranks=single, special_tokens={})
    monkeypatch.setattr(tiktoken, "get_encoding", lambda _: local)
    from inspect_ai import eval as inspect_eval
    from inspect_ai.model import ModelOutput, get_model

    from self_instruct.evaluation.inspect_tasks import task_set

    outputs = [ModelOutput.from_content("mockllm/model", text) for text in TEXTS]
    model = get_model("mockllm/model", custom_outputs=outputs)
    [log] = inspect_eval(
        task_set(str(tasks)), model=model, log_dir=str(tmp_path / "logs"), display="none", max_connections=1, max_samples=1
    )
    assert log.results, log.error
    said = expected(tasks, TEXTS)["readings"]
    found = {(each.scorer, each.name): each.metrics["mean"].value for each in log.results.scores}
    names = [(reading, name) for reading in ("raw", "cut", "first_line") for name in NAMES.values()]
    assert found == pytest.approx({(reading, name): said[reading][name] for reading, name in names}, abs=1e-4)


def test_lm_evaluation_harness_gives_the_same_score(command: Command, tasks: Path, tmp_path: Path) -> None:
    pytest.importorskip("lm_eval")
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    prompts: dict[str, str] = {}

    class Saying(LM):  # type: ignore[misc]
        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            prompts.update({each.doc["id"]: each.args[0] for each in requests})
            return [TEXTS["abcd".index(each.doc["id"])] for each in requests]

        def loglikelihood(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

        loglikelihood_rolling = loglikelihood

    done = command("evaluate", "--tasks", tasks, "--lm-eval", tmp_path / "folder", "--encoding", "tk-instruct")
    assert done.code == 0, done.err
    found = simple_evaluate(
        model=Saying(),
        tasks=["self_instruct_task_set"],
        task_manager=TaskManager(include_path=str(tmp_path / "folder"), include_defaults=False),
        bootstrap_iters=0,
    )
    figures = found["results"]["self_instruct_task_set"]
    said = expected(tasks, TEXTS)
    assert said["exact_match"] > 0
    for name in ("rougeL", "exact_match", "rougeL_unicode"):
        assert figures[f"{name},none"] == pytest.approx(said[name], abs=1e-4)
    asked = "Definition: Name the capital.\n\nNow complete the following example -\nInput: France.\nOutput: "
    assert prompts["a"] == asked


def test_the_folder_for_lm_evaluation_harness_holds_the_prompts_and_our_metric(
    command: Command, tasks: Path, tmp_path: Path
) -> None:
    command("evaluate", "--tasks", tasks, "--lm-eval", tmp_path / "folder")
    rows = [json.loads(line) for line in (tmp_path / "folder/instances.jsonl").read_text().splitlines()]
    assert rows[0]["prompt"] == "Name the capital.\n\nInput: France\nOutput:"
    assert [row["id"] for row in rows] == [one.id for one in load_task_set(str(tasks))]
    config = (tmp_path / "folder/self_instruct_task_set.yaml").read_text()
    assert str(tmp_path / "folder/instances.jsonl") in config


def test_the_answers_are_written_as_alpaca_eval_reads_them(command: Command, tasks: Path, tmp_path: Path) -> None:
    command("evaluate", "copy-input", "--tasks", tasks, "--run", tmp_path / "run")
    rows = json.loads((tmp_path / "run/alpaca_eval.json").read_text())
    assert rows[0] == {
        "instruction": "Name the capital.\n\nFrance", "output": "France", "generator": "copy-input", "dataset": "cap",
    }  # fmt: skip
    utils = pytest.importorskip("alpaca_eval.utils")  # its judges are all models of providers; it reads the file without one
    read = utils.load_or_convert_to_dataframe(tmp_path / "run/alpaca_eval.json")
    assert list(read["output"]) == [row["output"] for row in rows]

"""`evaluate`: a file of predictions scored, a model asked over a ledger, two results side by side."""

import json
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from support.command import Command, assert_refused, ended, started
from support.faults import Delay
from support.openai_server import serving

from self_instruct.evaluation.task_sets import load_task_set
from self_instruct.ledger import Ledger


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


ANSWERS = [{"id": "a", "prediction": "it is paris."}, {"id": "b", "prediction": "Milan"}, {"id": "d", "prediction": "Да"}]


class Parrot(GenericFakeChatModel):
    """Says the last word of what it is asked."""

    def _generate(self, messages: Any, *_: Any, **__: Any) -> ChatResult:
        text = str(messages[-1].text).removesuffix("Output:").split()[-1]
        about = {"finish_reason": "length" if text == "Italy" else "stop"}
        usage = UsageMetadata(input_tokens=9, output_tokens=1, total_tokens=10)
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text, response_metadata=about, usage_metadata=usage))])


PARROT = Parrot(messages=iter(()))


# only scoring


def test_predictions_are_scored_and_what_does_not_fit_is_named(command: Command, tmp_path: Path, tasks: Path) -> None:
    rows = [*ANSWERS, {"id": "x", "prediction": "?"}, {"id": "b", "prediction": " Rome"}]
    done = command("evaluate", "--predictions", write(tmp_path / "p.jsonl", rows), "--references", tasks, "--json")
    found = json.loads(done.out)
    assert (done.code, found["rougeL"], found["exact_match"], found["rougeL_unicode"]) == (0, 50.0, 75.0, 75.0)
    assert (found["missing"], found["doubled"], found["unknown"]) == (["c"], ["b"], ["x"])
    assert found["tasks"]["cap"] == {"rougeL": 100.0, "exact_match": 100.0, "rougeL_unicode": 100.0, "instances": 2}
    assert found["categories"]["greeting"]["exact_match"] == 50.0
    assert found["categories"]["greeting"]["intervals"]["exact_match"] == [0.0, 100.0]
    assert found["readings"]["cut"]["rougeL"] == 50.0
    assert [line.rpartition(": ")[2] for line in done.said] == ["c", "b", "x"]


def test_predictions_that_hold_their_references_need_no_other_file(command: Command, tmp_path: Path) -> None:
    rows = [{"response": "Rome", "target": "Rome"}, {"response": "Oslo", "target": "Bern"}]
    found = json.loads(command("evaluate", "--predictions", write(tmp_path / "p.jsonl", rows), "--json").out)
    assert (found["rougeL"], found["instances"]) == (50.0, 2)


def test_predictions_without_ids_are_taken_in_order(command: Command, tmp_path: Path, tasks: Path) -> None:
    rows = [{"response": text} for text in ("Paris", "Rome", "Hello", "Да")]
    path = write(tmp_path / "p.jsonl", rows)
    assert json.loads(command("evaluate", "--predictions", path, "--references", tasks, "--json").out)["exact_match"] == 75.0
    write(path, rows[:3])
    assert_refused(
        command("evaluate", "--predictions", path, "--references", tasks), "3 predictions have no ids", "4 references"
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", ":1: is not JSON ("),
        ('{"id": "a"}', ":1: field 'prediction' is missing"),
        ('{"id": "a", "prediction": ["x"]}', ":1: field 'prediction' is "),
        ('{"id": "a", "prediction": null}', ":1: field 'prediction' is null; expected text"),
        ('{"id": "a", "prediction": NaN}', ":1: field 'prediction' is NaN; expected text"),
        ('{"prediction": "x"}\n{"id": "a", "prediction": "x"}', ":1: field 'id' is missing, and other lines have one"),
        ("", ": is empty; expected one prediction"),
    ],
)
def test_a_predictions_file_that_cannot_be_used_is_named(
    command: Command, tmp_path: Path, tasks: Path, line: str, words: str
) -> None:
    (tmp_path / "p.jsonl").write_text(line)
    done = command("evaluate", "--predictions", tmp_path / "p.jsonl", "--references", tasks)
    assert_refused(done, f"{tmp_path / 'p.jsonl'}{words}")


def test_two_files_stand_side_by_side_with_the_paired_interval(command: Command, tmp_path: Path) -> None:
    references = write(tmp_path / "r.jsonl", [{"id": str(number), "references": ["yes"]} for number in range(40)])
    worse = write(tmp_path / "w.jsonl", [{"id": str(n), "prediction": "yes" if n % 4 else "no"} for n in range(40)])
    better = write(tmp_path / "b.jsonl", [{"id": str(n), "prediction": "yes" if n % 8 else "no"} for n in range(40)])
    done = command("evaluate", "--predictions", better, "--references", references, "--against", worse, "--json")
    found = json.loads(done.out)["comparison"]["differences"]["rougeL raw"]
    assert (found["left"], found["right"], found["difference"]) == (75.0, 87.5, 12.5)
    low, high = found["interval"]
    assert 0 < low < 12.5 < high < 30
    done = command("evaluate", "--predictions", better, "--references", references, "--against", worse)
    assert "+12.50" in done.out


def test_a_split_names_the_tasks_that_predictions_are_scored_by(command: Command, tmp_path: Path, superni: Path) -> None:
    task = sorted(superni.glob("task*.json"))[0]
    (tmp_path / "split.txt").write_text(f"{task.stem}\n")
    ids = [one.id for one in load_task_set(f"superni:{superni}", tmp_path / "split.txt")]
    answers = write(tmp_path / "p.jsonl", [{"id": each, "prediction": "x"} for each in ids])
    asked = ["--predictions", answers, "--references", f"superni:{superni}", "--split", tmp_path / "split.txt"]
    done = command("evaluate", *asked, "--json")
    assert (json.loads(done.out)["instances"], json.loads(done.out)["missing"]) == (len(ids), [])
    assert_refused(
        command("evaluate", "--predictions", answers, "--split", tmp_path / "split.txt"), "--split names tasks of a folder"
    )


def test_what_does_not_fit_of_the_other_side_is_named_too(command: Command, tmp_path: Path, tasks: Path) -> None:
    whole = write(tmp_path / "p.jsonl", [*ANSWERS, {"id": "c", "prediction": "Hi"}])
    half = write(tmp_path / "half.jsonl", ANSWERS[:2])
    done = command("evaluate", "--predictions", whole, "--references", tasks, "--against", half)
    assert done.said == [f"{half}: 2 ids without a prediction, counted as empty: c, d"]
    assert "4 instances paired" in done.out


def test_of_answers_with_their_own_references_the_last_of_an_id_counts(command: Command, tmp_path: Path) -> None:
    rows = [{"id": each, "prediction": said, "references": ["yes"]} for each, said in (("a", "no"), ("a", "yes"), ("b", "no"))]
    done = command("evaluate", "--predictions", write(tmp_path / "p.jsonl", rows), "--json")
    found = json.loads(done.out)
    assert (found["instances"], found["exact_match"], found["doubled"]) == (2, 50.0, ["a"])
    assert "several predictions" in done.said[0]


def test_a_task_file_without_ids_is_a_file_of_references_too(command: Command, tmp_path: Path) -> None:
    own = write(tmp_path / "own.jsonl", [{"instruction": f"Say {n}.", "references": [n]} for n in (3, 4.5)])
    answers = write(tmp_path / "p.jsonl", [{"id": "1", "prediction": 3}, {"id": "2", "prediction": "4.5"}])
    found = json.loads(command("evaluate", "--predictions", answers, "--references", own, "--json").out)
    assert (found["instances"], found["exact_match"]) == (2, 100.0)


def test_flags_that_would_be_passed_over_are_refused(command: Command, tmp_path: Path, tasks: Path) -> None:
    answers = write(tmp_path / "p.jsonl", ANSWERS)
    assert_refused(
        command("evaluate", "--predictions", answers, "--references", tasks, "--likelihood"), "--likelihood asks a model"
    )
    asked = ["--tasks", tasks, "--run", tmp_path / "run", "--references", tasks]
    assert_refused(command("evaluate", "copy-input", *asked), "--references are what --predictions")
    written = ["--lm-eval", tmp_path / "lm", "--tasks", tasks, "--stop", "x", "--temperature", "0.5"]
    assert_refused(command("evaluate", *written), "leave out --temperature, --stop")
    trained = ["train", tasks, "--model", "m", "--out", tmp_path / "out"]
    assert_refused(command(*trained, "--provider", "openai", "--full", "--max-steps", "5"), "leave out --full, --max-steps")
    assert_refused(command(*trained, "--suffix", "x"), "no --provider is named")


def test_what_cannot_be_looked_for_in_a_training_file_is_said(command: Command, tmp_path: Path) -> None:
    references = write(tmp_path / "r.jsonl", [{"id": "a", "references": ["yes"]}])
    answers = write(tmp_path / "p.jsonl", [{"id": "a", "prediction": "yes"}])
    rows = write(tmp_path / "t.jsonl", [{"instruction": "Say yes to it.", "input": "", "output": "yes"}])
    asked = ["evaluate", "--predictions", answers, "--references", references, "--training"]
    assert_refused(command(*asked, rows), f"{rows}: cannot be compared with these tasks")
    assert_refused(command(*asked, tmp_path), f"{tmp_path}: is no JSON")


def test_results_on_other_tasks_are_not_compared(command: Command, tmp_path: Path, tasks: Path) -> None:
    answers, others = write(tmp_path / "p.jsonl", ANSWERS), tmp_path / "o.jsonl"
    write(others, [{"id": "z", "prediction": "x", "references": ["x"]}])
    command("evaluate", "copy-input", "--tasks", tasks, "--run", tmp_path / "run")
    done = command("evaluate", "copy-input", "--tasks", others, "--run", tmp_path / "other", "--against", tmp_path / "run")
    assert done.code == 2  # it asks nothing: the line has no instruction
    assert "field 'instruction' is missing" in done.err
    assert answers.exists()


# asking


def test_the_baselines_copy_the_input_and_the_demonstration(command: Command, tmp_path: Path, superni: Path) -> None:
    for baseline, first in (("copy-input", "0"), ("copy-demonstration", "7 7")):
        done = command("evaluate", baseline, "--tasks", f"superni:{superni}", "--run", tmp_path / baseline, "--json")
        assert json.loads(done.out)["source"]["model"] == baseline
        answers = (tmp_path / baseline / "predictions.jsonl").read_text().splitlines()
        assert json.loads(answers[0]) == {"id": "task001_double-0", "prediction": first}
        assert len(answers) == 102


def test_what_an_evaluation_writes_scores_the_same_as_it_did(command: Command, tmp_path: Path, tasks: Path) -> None:
    run = tmp_path / "run"
    asked = json.loads(command("evaluate", "copy-input", "--tasks", tasks, "--run", run, "--json").out)
    files = ["--predictions", run / "predictions.jsonl", "--references", run / "references.jsonl"]
    scored = json.loads(command("evaluate", *files, "--json").out)
    assert {key: scored[key] for key in ("rougeL", "tasks", "categories", "readings")} == {
        key: asked[key] for key in ("rougeL", "tasks", "categories", "readings")
    }


def test_a_model_is_asked_and_the_decoding_is_stored_with_the_result(command: Command, tmp_path: Path, tasks: Path) -> None:
    with serving(PARROT) as server:
        done = command(
            "evaluate",
            "openai-completion:x",
            "--base-url",
            server.base_url,
            "--tasks",
            tasks,
            "--run",
            tmp_path / "run",
            "--json",
        )
        found = json.loads(done.out)
        sent = [json.loads(body) for body in server.bodies]
    assert found["source"]["parameters"] == {"temperature": 0, "max_tokens": 1024}
    assert found["source"]["encoding"] == "self-instruct"
    assert {(body["temperature"], body["max_tokens"], body.get("stop")) for body in sent} == {(0, 1024, None)}
    assert "Name the capital.\n\nInput: France\nOutput:" in [body["prompt"][0] for body in sent]
    assert found["answers"]["at_token_limit"] == 1


def test_a_chat_model_gets_the_prompt_as_a_users_message(command: Command, tmp_path: Path, tasks: Path) -> None:
    options = ["--encoding", "chat", "--answer-tokens", 9, "--stop", "X"]
    with serving(PARROT) as server:
        place = ["--base-url", server.base_url, "--tasks", tasks, "--run", tmp_path / "run"]
        assert command("evaluate", "openai:x", *place, *options).code == 0
        sent = [json.loads(body) for body in server.bodies]
    assert {(message["role"], message["content"]) for body in sent for message in body["messages"]} >= {
        ("user", "Name the capital.\n\nItaly"),
        ("user", "Ответь."),
    }
    assert {body["stop"][0] for body in sent} == {"X"}


def test_an_evaluation_that_is_killed_goes_on_and_pays_for_nothing_twice(
    command: Command, tmp_path: Path, superni: Path
) -> None:
    run = tmp_path / "run"
    with serving(PARROT, lambda _: Delay(0.05)) as server:
        asked = [
            "evaluate",
            "openai-completion:x",
            "--base-url",
            server.base_url,
            "--tasks",
            f"superni:{superni}",
            "--run",
            run,
        ]
        process = started(*asked, "--concurrency", 4)
        server.wait_for(30)
        process.kill()
        assert ended(process).code == -signal.SIGKILL
        server.settle()
        with Ledger.open(run, read_only=True) as ledger:
            stored = sum(1 for _ in ledger.replies())
        before = server.bodies.total()
        done = command(*asked, "--json")
        assert done.code == 0, done.err
        assert server.bodies.total() - before == 102 - stored
        assert before - stored <= 4
    assert json.loads(done.out)["instances"] == 102


def test_a_budget_ends_it_and_raising_that_goes_on(command: Command, tmp_path: Path, tasks: Path) -> None:
    asked = ["evaluate", "copy-input", "--tasks", tasks, "--run", tmp_path / "run"]
    done = command(*asked, "--max-requests", 3)
    assert (done.code, "raise --max-requests" in done.out) == (1, True)
    assert command(*asked, "--max-requests", 4).code == 0
    assert command("evaluate", "--run", tmp_path / "run").code == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--encoding", "tk-instruct"], "stages.answers.encoding = 'self-instruct', not 'tk-instruct'"),
        (["--temperature", "1"], "stages.answers.parameters.temperature = 0, not 1.0"),
        (["copy-demonstration"], "model = 'copy-input', not 'copy-demonstration'"),
    ],
)
def test_an_evaluation_that_goes_on_is_asked_as_it_was_begun(
    command: Command, tmp_path: Path, tasks: Path, more: list[str], words: str
) -> None:
    run = tmp_path / "run"
    command("evaluate", "copy-input", "--tasks", tasks, "--run", run)
    assert_refused(command("evaluate", *more, "--run", run), words)
    tasks.write_text(tasks.read_text().replace("Rome", "Roma"))
    assert_refused(command("evaluate", "--tasks", tasks, "--run", run), "was started with another task set")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["copy-input", "--predictions", "TASKS"], "--predictions are only scored: leave out MODEL"),
        (["--predictions", "TASKS", "--run", "RUN"], "give one of them"),
        (["copy-input"], "nothing to evaluate; name a MODEL with --tasks and --run"),
        (["copy-input", "--run", "RUN"], "holds no evaluation; name what to ask with --tasks"),
        (["--tasks", "TASKS", "--run", "RUN"], "no model is named"),
        (["nonsense:x", "--tasks", "TASKS", "--run", "RUN"], "model 'nonsense:x': no such provider"),
        (["copy-input", "--tasks", "TASKS", "--run", "RUN", "--encoding", "x"], "there is no --encoding 'x'"),
        (["copy-input", "--tasks", "TASKS", "--run", "RUN", "--split", "TASKS"], "names tasks of superni:DIR"),
        (["copy-input", "--tasks", "TASKS", "--run", "RUN", "--likelihood"], "gives no log-likelihood"),
    ],
)
def test_what_cannot_be_evaluated_is_said_and_leaves_no_run(
    command: Command, tmp_path: Path, tasks: Path, arguments: list[str], words: str
) -> None:
    places = {"TASKS": tasks, "RUN": tmp_path / "run"}
    assert_refused(command("evaluate", *(places.get(word, word) for word in arguments)), words)
    assert not (tmp_path / "run").exists()


def test_a_run_is_no_evaluation_and_an_evaluation_is_no_run(
    command: Command, tmp_path: Path, tasks: Path, finished_run: Path
) -> None:
    command("evaluate", "copy-input", "--tasks", tasks, "--run", tmp_path / "evaluation")
    assert_refused(command("evaluate", "--run", finished_run), "is a run's ledger, not an evaluation's")
    assert_refused(command("status", tmp_path / "evaluation"), "is an evaluation's ledger, not a run's")
    assert_refused(command("generate", "--run", tmp_path / "evaluation"), "is an evaluation's ledger, not a run's")


# recorded figures


@pytest.mark.parametrize(
    ("name", "rouge_l", "exact"),
    [("davinci", 2.8252, 0.0), ("davinci-self-instruct", 28.1317, 9.1270), ("text-davinci-003", 33.6378, 8.7302)],
)
def test_the_recorded_answers_to_the_252_tasks_come_out(
    command: Command, reference: Path, name: str, rouge_l: float, exact: float
) -> None:
    folder = reference / "user-oriented"
    files = ["--predictions", folder / f"predictions/{name}_predictions.jsonl"]
    tasks = ["--tasks", f"user-oriented:{folder / 'user_oriented_instructions.jsonl'}"]
    for more in ([], tasks):
        found = json.loads(command("evaluate", *files, *more, "--json").out)
        assert (found["rougeL"], found["exact_match"], found["instances"]) == (rouge_l, exact, 252)


def test_the_recorded_figures_of_superni_come_out(command: Command, reference: Path, tmp_path: Path) -> None:
    expected = json.loads((reference / "evaluation/expected.json").read_text())["superni/gpt3-v1-definition-prompt.jsonl"]
    file = reference / "evaluation/superni/gpt3-v1-definition-prompt.jsonl"
    found = json.loads(command("evaluate", "--predictions", file, "--json").out)
    assert_figures(found, expected["all"])
    for kind, key in (("category", "categories"), ("task", "tasks")):
        assert found[key].keys() == expected[kind].keys()
        for name, figures in expected[kind].items():
            assert_figures(found[key][name], figures)


@pytest.mark.parametrize(("baseline", "recorded"), [("copy-input", "copy_input"), ("copy-demonstration", "copy_demo")])
def test_the_recorded_baselines_on_six_tasks_come_out(
    command: Command, reference: Path, tmp_path: Path, baseline: str, recorded: str
) -> None:
    expected = json.loads((reference / "evaluation/expected.json").read_text())["superni/task*.json"]
    tasks = f"superni:{reference / 'evaluation/superni'}"
    found = json.loads(command("evaluate", baseline, "--tasks", tasks, "--run", tmp_path / "run", "--json").out)
    assert_figures(found, expected["totals_over_instances"][recorded])
    for name, figures in expected["first_100_instances"].items():
        assert_figures(found["tasks"][name], figures[recorded])


def assert_figures(found: Mapping[str, Any], expected: Mapping[str, float]) -> None:
    assert (found["rougeL"], found["exact_match"]) == (expected["rougeL"], expected["exact_match"])

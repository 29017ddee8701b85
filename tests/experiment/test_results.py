"""Figures of an experiment, from answers whose scores are known."""

from dataclasses import replace

import pytest

from self_instruct.evaluation.scores import Answer, Scored, score
from self_instruct.evaluation.task_sets import TaskInstance
from self_instruct.experiment.results import AFTER_FIRST, CUT, NLL, RAW, ExperimentResult, lines_of
from self_instruct.experiment.tables import as_markdown

TASKS = tuple(TaskInstance(f"{n}", f"task{n}", "Say it.", "no" if n else "yes", ("yes",)) for n in range(8))


def answers(text: str, likelihoods: tuple[float, ...]) -> list[Scored]:
    return [score(one, Answer(text, is_at_token_limit=len(text) > 10, log_likelihoods=likelihoods)) for one in TASKS]


@pytest.fixture(scope="module")
def result() -> ExperimentResult:
    models = {
        "vanilla": [answers("yes\n\nInput: no\nOutput: no", (-2.0, -4.0))],
        "seeds": [answers("yes", (-1.0, -3.0)), answers("no", (-2.0, -2.0))],
    }
    return ExperimentResult({"set": lines_of(models, TASKS, {})})


def test_models_of_several_seeds_are_averaged_and_paired_with_vanilla(result: ExperimentResult) -> None:
    seeds = next(one for one in result.task_sets["set"] if one.condition == "seeds")
    assert (seeds.models, seeds.figures[CUT].mean) == (2, 50.0)
    assert (seeds.figures[NLL].mean, seeds.figures[AFTER_FIRST].mean) == (2.0, 2.5)
    difference, interval = seeds.figures[NLL].more_than["vanilla"]
    assert difference == -1.0
    assert interval is not None
    assert (interval.low, interval.high) == (-1.0, -1.0)  # all tasks are alike


def test_a_reference_of_one_token_has_nothing_after_its_first() -> None:
    def told(first: float, later: float) -> list[Scored]:
        each = [(first,) if at < 4 else (first, later) for at in range(len(TASKS))]
        return [score(one, Answer("yes", log_likelihoods=known)) for one, known in zip(TASKS, each, strict=True)]

    _, vanilla, _, seeds = lines_of({"vanilla": [told(-2.0, -6.0)], "seeds": [told(-1.0, -4.0)]}, TASKS, {})
    assert (vanilla.figures[AFTER_FIRST].mean, seeds.figures[AFTER_FIRST].mean) == (6.0, 4.0)
    assert seeds.figures[AFTER_FIRST].more_than["vanilla"][0] == -2.0
    assert seeds.figures[NLL].more_than["vanilla"][0] == -1.25
    alone = [score(one, Answer("yes", log_likelihoods=(-1.0,))) for one in TASKS]
    assert AFTER_FIRST not in lines_of({"vanilla": [alone]}, TASKS, {})[1].figures


def test_a_stop_rule_alone_is_vanilla_cut(result: ExperimentResult) -> None:
    by_name = {one.condition: one for one in result.task_sets["set"]}
    vanilla, stopped = by_name["vanilla"], by_name["vanilla, stop rule"]
    assert vanilla.figures[RAW].mean < vanilla.figures[CUT].mean == stopped.figures[RAW].mean == 100.0
    assert NLL not in stopped.figures
    assert vanilla.at_limit == 1.0


def test_copying_the_input_is_there_without_a_model(result: ExperimentResult) -> None:
    copied = result.task_sets["set"][0]
    assert (copied.condition, copied.models, copied.figures[RAW].mean) == ("copy-input", 0, 12.5)


def test_a_result_is_told_as_json_and_as_markdown(result: ExperimentResult) -> None:
    told = result.as_json()["set"][-1]
    assert told["nll_per_token"]["more_than_vanilla"] == {"difference": -1.0, "interval": [-1.0, -1.0]}
    assert "| seeds | – | 2.000 [2.000 2.000] | -1.000 [-1.000 -1.000] | – |" in as_markdown(result)


def test_one_task_alone_has_no_interval() -> None:
    alone = [replace(one, task="same") for one in TASKS]
    scored = [score(one, Answer("yes")) for one in alone]
    [_, line, _] = lines_of({"vanilla": [scored]}, tuple(alone), {})
    assert line.figures[RAW].interval is None
    assert NLL not in line.figures

"""The report on a whole run: the small one of the fixtures, and the recorded davinci run."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from support.scripted import plan

from self_instruct.chains.runs.importing import import_batch
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import Reason, StageName
from self_instruct.reports import RunState, run_report
from self_instruct.settings.layers import Layer


def test_the_small_run_has_the_figures_that_were_written_into_it(run: Ledger) -> None:
    found = run_report(run)
    assert (found.statistics.instructions, found.statistics.with_instances, found.statistics.instances) == (6, 2, 7)
    assert (found.statistics.classification, found.statistics.other, found.statistics.unknown) == (1, 3, 2)
    assert found.unanswered == {StageName.CLASSIFICATION: 1, StageName.INSTANCES: 1}
    assert found.state is RunState.RUNNING
    assert [(row.stage, row.reason, row.count) for row in found.refused] == [
        (StageName.INSTRUCTIONS, Reason.TOO_SIMILAR, 1),
        (StageName.CLASSIFICATION, Reason.NEITHER_YES_NOR_NO, 1),
        (StageName.INSTANCES, Reason.EMPTY_OUTPUT, 1),
        (StageName.INSTANCES, Reason.REFUSED_BY_PROVIDER, 1),
    ]
    assert [(step.candidates, step.kept) for step in found.acceptance] == [(4, 3), (2, 2), (1, 1)]
    assert found.verbs.verbs == {"consider": 1, "name": 1, "write": 1}
    assert (found.verbs.with_verb, found.verbs.with_noun) == (5, 3)


def test_tokens_that_nobody_counted_are_unknown_and_not_zero(run: Ledger) -> None:
    spent = {row.stage: row for row in run_report(run).spent}
    assert (spent[StageName.INSTRUCTIONS].input_tokens, spent[StageName.INSTRUCTIONS].uncounted) == (300, 0)
    assert (spent[StageName.CLASSIFICATION].requests, spent[StageName.CLASSIFICATION].uncounted) == (6, 2)
    assert spent[StageName.CLASSIFICATION].input_tokens == 80


def test_a_run_that_just_began_has_a_report(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "new", plan(num_instructions=5).facts()) as ledger:
        found = run_report(ledger, ["Write a poem."])
    assert (found.statistics.instructions, found.spent, found.acceptance, found.to_read) == (0, (), (), ())
    assert found.state is RunState.RUNNING
    assert found.overlap is None


def test_every_table_is_flat_records_that_pandas_takes(run: Ledger) -> None:
    found = run_report(run)
    for name in ("lengths", "refused", "acceptance", "nearest", "spent", "flags", "settings"):
        rows = getattr(found, name)
        assert len({tuple(asdict(row)) for row in rows}) <= 1, name  # the same columns in every row


def test_json_holds_all_of_it_and_the_same_each_time(run: Ledger) -> None:
    text = run_report(run).to_json()
    assert text == run_report(run).to_json()
    fields = json.loads(text)
    assert fields["statistics"]["instances"] == 7
    assert fields["unanswered"] == {"classification": 1, "instances": 1}
    assert len(fields["to_read"]) == 2


def test_the_report_reads_while_another_process_writes(run: Ledger, tmp_path: Path) -> None:
    with run.transaction():
        run.set_fact("note", "not committed yet")
        with Ledger.open(tmp_path / "run", read_only=True) as reader:
            assert run_report(reader).statistics.instructions == 6


def test_a_key_given_as_a_parameter_is_never_in_a_report(make_run: Callable[..., Ledger]) -> None:
    ledger = make_run(instances={"classification_parameters": {"extra_headers": {"api_key": "sk-very-secret"}}})
    assert "sk-very-secret" not in run_report(ledger).to_json()


@pytest.fixture(scope="module")
def davinci(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded run, decided by the rules of the paper."""
    directory = tmp_path_factory.mktemp("davinci") / "run"
    given = Layer(
        {"profile": "paper", "seeds": str(reference / "seed_tasks.jsonl")}, {"profile": "--profile", "seeds": "--seeds"}
    )
    list(import_batch(reference / "original-layout", directory, given))
    return directory


def test_the_recorded_run_has_the_statistics_that_were_recorded(davinci: Path, reference: Path) -> None:
    counts = json.loads((reference / "davinci-run" / "counts.json").read_text(encoding="utf-8"))
    with Ledger.open(davinci, read_only=True) as ledger:
        found = run_report(ledger)
    refused = {row.reason: row.count for row in found.refused}
    assert found.statistics.instructions == counts["kept"]
    malformed = refused[Reason.BANNED_START] + refused[Reason.BANNED_WORD]  # which the original drops before it counts
    assert sum(step.candidates for step in found.acceptance) - malformed == counts["read_from_replies"]
    assert refused[Reason.TOO_SIMILAR] == counts["rejected_as_too_similar"]
    assert found.statistics.with_instances == counts["tasks_final"]
    assert found.statistics.instances == counts["instances_final"]
    assert refused[Reason.INPUT_EQUALS_OUTPUT] == counts["instances_invalid"]["input equals output"]
    assert all(row.input_tokens is None and row.model is None for row in found.spent)


def test_the_recorded_evaluation_set_is_as_far_from_the_seeds_as_its_readme_says(reference: Path) -> None:
    from self_instruct.reports import load_evaluation
    from self_instruct.reports.analysis.similarity import seed_similarity

    seeds = [json.loads(line)["instruction"] for line in (reference / "seed_tasks.jsonl").read_text("utf-8").splitlines()]
    evaluation = load_evaluation(reference / "user-oriented" / "user_oriented_instructions.jsonl")
    found = seed_similarity(evaluation, seeds, "ascii")
    assert round(found.mean or 0, 4) == 0.3388
    assert len(evaluation) == 252

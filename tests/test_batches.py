"""Providers' batches, on a loopback server: the dataset of the online run at half the price, whatever goes wrong on the way."""

import json
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random

import pytest
from support.batch_server import BatchServer, batch_server
from support.command import Command, Done, assert_refused, ended, exit_code, started
from support.driver import Driver, driving
from support.runs import spent_in

from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.judgements import JUDGING
from self_instruct.reports.exports.export import export

MODELS = ("openai:gpt-4.1-mini", "openai-completion:gpt-3.5-turbo-instruct", "anthropic:claude-haiku-4-5")
OPENAI, COMPLETION, ANTHROPIC = MODELS
TARGET = 6
QUICK = ("--set", "batch.look_every_s=0.01")


@pytest.fixture
def server(with_key: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchServer]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "none-is-needed")
    with batch_server(OfflineModel()) as serving:
        yield serving


@pytest.fixture
def generate(command: Command, server: BatchServer, tmp_path: Path) -> Callable[..., Done]:
    """A function that generates into a run of a name, with more flags."""

    def call(name: str, *more: object, model: str = OPENAI) -> Done:
        return command(*arguments(server, tmp_path / name, model), *more)

    return call


def arguments(server: BatchServer, run: Path, model: str = OPENAI) -> list[object]:
    address = server.root_url if model == ANTHROPIC else server.base_url
    return ["generate", "--run", run, "--model", model, "--base-url", address, "--num-instructions", TARGET]


def dataset(run: Path) -> bytes:
    with Ledger.open(run, read_only=True) as ledger:
        export(ledger, RunPlan.of(ledger), "alpaca", run / "alpaca.json")
    return (run / "alpaca.json").read_bytes()


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[bytes, set[str]]]:
    """A function that gives the dataset of a run that asks a model online, and the bodies of its requests."""

    @cache
    def of(model: str) -> tuple[bytes, set[str]]:
        run = tmp_path_factory.mktemp("online")
        with batch_server(OfflineModel()) as server, pytest.MonkeyPatch.context() as patch:
            patch.setenv("OPENAI_API_KEY", "none-is-needed")
            patch.setenv("ANTHROPIC_API_KEY", "none-is-needed")
            assert exit_code(*arguments(server, run, model)) == 0
            assert server.made == []
            return dataset(run), set(server.online)

    return of


@pytest.fixture
def same_as_online(online: Callable[[str], tuple[bytes, set[str]]], server: BatchServer, tmp_path: Path) -> Callable[..., None]:
    """A function that says whether a run ended as an online one does, and no line was paid for twice."""

    def check(name: str, model: str = OPENAI, *, is_killed: bool = False) -> None:
        expected, bodies = online(model)
        assert dataset(tmp_path / name) == expected
        assert max((server.lines if is_killed else server.lines + server.online).values(), default=1) == 1
        assert set(server.lines) | set(server.online) == bodies  # byte for byte what the client sends online
        with Ledger.open(tmp_path / name, read_only=True) as ledger:
            assert [sent for sent in ledger.sent() if sent.batch] == []
            assert all(batch.is_ended for batch in ledger.batches())
        assert not (tmp_path / name / "batches").exists()

    return check


@pytest.mark.parametrize("model", MODELS)
def test_the_dataset_is_that_of_the_online_run_at_half_the_price(
    generate: Callable[..., Done], server: BatchServer, same_as_online: Callable[..., None], tmp_path: Path, model: str
) -> None:
    price = ("--set", f'prices={{"{model}": {{input: 2, output: 8}}}}')
    assert generate("run", "--batch", *QUICK, *price, model=model).code == 0
    assert len(server.online) < len(server.lines)  # only instructions
    same_as_online("run", model)
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        paid = {(stage, price and price.input) for (stage, _, price) in ledger.spending()}
    online = {("instructions", 2)} | ({("calibration", 2)} if model == COMPLETION else set())  # both before there is a batch
    assert paid == online | {("classification", 1), ("instances", 1)}


def test_what_lies_between_a_batch_and_its_answers_is_told(generate: Callable[..., Done], server: BatchServer) -> None:
    server.looks = 3
    done = generate("run", "--batch", *QUICK)
    assert f"batch batch_1: in_progress, 0 of {TARGET} questions" in done.said
    assert f"batch batch_1: completed; {TARGET} questions answered" in done.said


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize("trap", ["expire", "fail", "only_errors", "scramble"])
def test_what_a_batch_leaves_unanswered_is_asked_again_and_nothing_else(
    generate: Callable[..., Done], server: BatchServer, same_as_online: Callable[..., None], model: str, trap: str
) -> None:
    setattr(server.trap, trap, 1)
    done = generate("run", "--batch", *QUICK, model=model)
    assert done.code == 0
    answered = {"expire": 1, "fail": TARGET // 2, "only_errors": 0, "scramble": TARGET}[trap]
    left = f", {TARGET - answered} not" if answered < TARGET else ""
    assert f"; {answered} questions answered{left}" in done.said[1]
    same_as_online("run", model)


def test_a_quota_splits_a_batch_and_its_parts_go_one_after_the_other(
    generate: Callable[..., Done], server: BatchServer, same_as_online: Callable[..., None]
) -> None:
    server.trap.quota = TARGET // 2
    done = generate("run", "--batch", *QUICK)
    assert done.code == 0
    assert "half as many lines are next" in done.err
    assert [len(ids) for ids in server.made][:4] == [6, 3, 3, 3]
    same_as_online("run")


def test_a_batch_has_no_more_lines_than_the_settings_say(
    generate: Callable[..., Done], server: BatchServer, same_as_online: Callable[..., None]
) -> None:
    assert generate("run", "--batch", "--set", "batch.lines=4", *QUICK).code == 0
    assert [len(ids) for ids in server.made][:2] == [4, 2]
    same_as_online("run")


def test_a_refused_line_is_a_rejection_and_a_refused_parameter_is_left_out(
    generate: Callable[..., Done], server: BatchServer, tmp_path: Path
) -> None:
    server.trap.refuse = 1
    assert generate("refused", "--batch", *QUICK).code == 0
    with Ledger.open(tmp_path / "refused", read_only=True) as ledger:
        assert ledger.count_rejections()["classification", "refused by the provider"] == 1

    server.trap.parameter = 1
    done = generate("left-out", "--batch", *QUICK)
    assert done.code == 0
    assert "refuses the parameter 'temperature'; it is left out from now on" in done.err
    last = [line for lines in server.requests.values() for line in lines][-1]
    assert "temperature" not in last["body"]


def test_a_question_is_in_a_bounded_number_of_batches_and_then_asked_online_where_that_is_said(
    generate: Callable[..., Done], server: BatchServer, same_as_online: Callable[..., None]
) -> None:
    server.trap.only_errors = 100
    done = generate("run", "--batch", *QUICK)
    assert done.code == 1
    assert (
        f"{TARGET} questions were left unanswered by their batches (500 Internal Server Error {3 * TARGET})"
        in done.err + done.out
    )
    assert len(server.made) == 3
    assert generate("run", "--batch", "--finish-online", *QUICK).code == 0
    assert len(server.made) == 5  # one of each stage was tried
    same_as_online("run")


def test_a_batch_that_somebody_cancelled_is_not_made_again_in_the_same_run(
    generate: Callable[..., Done], server: BatchServer, same_as_online: Callable[..., None]
) -> None:
    server.trap.cancel = 1
    done = generate("run", "--batch", *QUICK)
    assert done.code == 1
    assert [len(ids) for ids in server.made] == [TARGET, 1]  # the second goes on with what the first has answered
    assert "left unanswered" in done.out + done.err
    assert generate("run", "--batch", *QUICK).code == 0
    same_as_online("run")


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])
@pytest.mark.parametrize("lost", ["files", "batches", "GET batch", "GET content", "GET batches"])
def test_an_answer_that_is_lost_makes_no_second_batch(
    generate: Callable[..., Done], server: BatchServer, same_as_online: Callable[..., None], model: str, lost: str
) -> None:
    server.trap.lose.update([lost, lost])
    if lost == "GET batches":
        server.trap.lose.update(["batches"])
    server.trap.unavailable.update(["files", "batches", "messages/batches"])
    assert generate("run", "--batch", *QUICK, model=model).code == 0
    assert [len(ids) for ids in server.made][:2] == [TARGET, TARGET]
    same_as_online("run", model)


def test_what_is_denied_is_one_line_and_leaves_nothing_open(
    generate: Callable[..., Done], server: BatchServer, tmp_path: Path
) -> None:
    server.trap.denied.add("batches")
    done = generate("run", "--batch", *QUICK)
    assert done.code == 2
    assert "batches denied" in done.said[-1]
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert list(ledger.sent()) == []
    server.trap.denied.clear()
    assert generate("run", "--batch", *QUICK).code == 0


def test_a_model_that_is_not_sold_in_batches_is_refused_before_anything_is_made(command: Command, tmp_path: Path) -> None:
    assert_refused(command("generate", "--run", tmp_path / "run", "--batch"), "'offline' is not asked in batches")
    assert not (tmp_path / "run").exists()


def test_a_budget_sets_aside_a_whole_batch_at_its_price_and_counts_each_line(
    generate: Callable[..., Done], server: BatchServer, tmp_path: Path
) -> None:
    done = generate("run", "--batch", *QUICK, "--max-requests", TARGET + 6)
    assert done.code == 1
    assert "requests is spent" in done.out + done.err
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert spent_in(ledger).requests == TARGET + 6
    assert sum(map(len, server.made)) + server.online.total() == TARGET + 6


def test_ctrl_c_leaves_a_batch_at_the_provider_and_the_run_goes_on_with_it(
    generate: Callable[..., Done],
    command: Command,
    server: BatchServer,
    same_as_online: Callable[..., None],
    tmp_path: Path,
) -> None:
    server.looks = None
    process = started(*arguments(server, tmp_path / "run"), "--batch", "--set", "batch.look_every_s=60")
    server.wait_for_look()
    process.send_signal(signal.SIGINT)
    done = ended(process)
    assert done.code == 130
    assert f"1 of 1 open batches ({TARGET} questions) go on at the provider: batch_1" in done.out + done.err
    assert "run it again to go on" in done.out + done.err
    assert "batch_1" in command("status", tmp_path / "run").out
    assert json.loads(command("status", tmp_path / "run", "--json").out)["batches"][0]["id"] == "batch_1"
    server.looks = 1
    assert generate("run", *QUICK).code == 0  # without --batch too: it is paid for
    same_as_online("run")


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC])
def test_a_cancelled_batch_keeps_what_it_answered(
    generate: Callable[..., Done],
    command: Command,
    server: BatchServer,
    same_as_online: Callable[..., None],
    tmp_path: Path,
    model: str,
) -> None:
    server.looks = None
    process = started(*arguments(server, tmp_path / "run", model), "--batch", "--set", "batch.look_every_s=0.02")
    server.wait_for_look()
    process.send_signal(signal.SIGINT)
    assert ended(process).code == 130
    done = command("batch", "cancel", tmp_path / "run")
    assert done.code == 0, done.err
    assert f"{TARGET // 2} questions answered, {TARGET // 2} not" in done.out
    server.looks = 1
    assert generate("run", "--no-batch", model=model).code == 0
    assert len(server.made) == 1
    same_as_online("run", model)
    assert command("batch", "cancel", tmp_path / "run").out == f"done: no batch is open in {tmp_path / 'run'}\n"


def test_a_judge_and_an_evaluation_are_asked_in_batches_too(
    generate: Callable[..., Done], command: Command, server: BatchServer, tmp_path: Path
) -> None:
    assert generate("run").code == 0
    judging = ("--model", "openai:gpt-4.1", "--base-url", server.base_url, "--batch", *QUICK)
    assert command("judge", tmp_path / "run", *judging).code == 0
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        said = [one for _, one in ledger.verdicts() if one.stage == JUDGING]  # the others are flags
        assert len(said) == ledger.count_instances() == len(server.made[0])
    assert all(len(ids) <= 2 for ids in server.made[1:])  # verdicts that could not be read, once more

    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text("".join(json.dumps({"instruction": f"Say {n}.", "output": str(n)}) + "\n" for n in range(5)))
    asked = ("evaluate", OPENAI, "--tasks", tasks, "--run", tmp_path / "evaluation", "--base-url", server.base_url)
    before = len(server.made)
    assert command(*asked, "--batch", *QUICK).code == 0
    assert [len(ids) for ids in server.made[before:]] == [5]

    server.trap.parameter = 1
    done = command(*asked[:5], tmp_path / "refused", *asked[6:], "--batch", *QUICK)
    assert done.code == 0
    assert "warning: the model openai:gpt-4.1-mini refuses the parameter 'temperature'" in done.err


def test_a_budget_that_ends_in_the_midst_of_batches_is_said_and_the_rest_asked_later(
    generate: Callable[..., Done], command: Command, server: BatchServer, tmp_path: Path
) -> None:
    assert generate("run").code == 0
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        instances, requests = ledger.count_instances(), spent_in(ledger).requests
    judging = ("judge", tmp_path / "run", "--model", "openai:gpt-4.1", "--base-url", server.base_url, "--batch", *QUICK)
    done = command(*judging, "--max-requests", requests + 4)
    assert (done.code, len(server.made[0])) == (1, 4)
    assert f"the budget of {requests + 4} requests is spent" in done.out
    assert command(*judging, "--max-requests", 9 * requests).code == 0
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert sum(one.stage == JUDGING for _, one in ledger.verdicts()) == instances


def test_two_systems_are_compared_in_batches_as_online(command: Command, server: BatchServer, tmp_path: Path) -> None:
    tasks, systems = tmp_path / "tasks.jsonl", [tmp_path / "short.jsonl", tmp_path / "long.jsonl"]
    tasks.write_text("".join(json.dumps({"id": str(n), "instruction": f"Say {n}.", "output": str(n)}) + "\n" for n in range(5)))
    for path, more in zip(systems, ("", " as you asked me to"), strict=True):
        path.write_text("".join(json.dumps({"id": str(n), "prediction": f"{n}{more}"}) + "\n" for n in range(5)))
    asked = ("--model", OPENAI, "--base-url", server.base_url, "--references", tasks, "--json")
    both = ("--answers", systems[0], "--answers", systems[1], *asked)
    online = command("prefer", tmp_path / "online", *both)
    assert (online.code, server.made) == (0, [])
    server.online.clear()
    batched = command("prefer", tmp_path / "batched", *both, "--batch", *QUICK)
    assert (batched.code, batched.out) == (0, online.out)
    assert server.online.total() == 0
    assert len(server.made[0]) == 10  # both orders; what cannot be read is asked once more, in another batch
    assert "batch_1: completed" in batched.err


def test_a_run_is_improved_in_batches_as_online(
    generate: Callable[..., Done], command: Command, server: BatchServer, tmp_path: Path
) -> None:
    assert generate("run").code == 0
    for name, more in (("plain", ()), ("batched", ("--batch", *QUICK))):
        server.online.clear()
        asked = ("improve", tmp_path / "run", "--run", tmp_path / name, "--model", OPENAI, "--base-url", server.base_url)
        assert command(*asked, "--judge", "openai:gpt-4.1", "--set", f"judging.base_url={server.base_url}", *more).code == 0
    assert server.online.total() == 0
    assert sum(map(len, server.made)) > TARGET
    assert dataset(tmp_path / "batched") == dataset(tmp_path / "plain")


def test_instructions_are_asked_in_batches_of_a_window_where_that_is_said(
    generate: Callable[..., Done], server: BatchServer, same_as_online: Callable[..., None], tmp_path: Path
) -> None:
    stages = ("--set", "batch.stages=[instructions,classification,instances]")
    assert generate("run", *stages, *QUICK).code == 0
    assert server.online.total() == 0
    same_as_online("run")
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert (ledger.prompt(0) or "").startswith("[user]\nWrite 8 requests that different people might make")


class Killed:
    """Runs that are killed at moments drawn, each gone on with until it ends; `kills` counts."""

    def __init__(self, drive: Driver, log: Path) -> None:
        self._drive = drive
        self._log = log
        self._draws = Random(7)
        self.kills = 0

    def run_to_its_end(self, asked: list[str]) -> None:
        made = 0
        while (code := self._drive(*self._moment(made), self._log, *asked)) == -signal.SIGKILL:
            self.kills += 1
            made += 1
        assert code == 0

    def _moment(self, number: int) -> tuple[str, int]:
        """Return a moment: that nobody knows of a batch that was made, or any statement to the ledger."""
        return ("made", 1) if number % 4 == 1 else ("statement", self._draws.randrange(1, 60))


@pytest.mark.parametrize(("model", "kills"), [(OPENAI, 20), (ANTHROPIC, 6)])
def test_runs_killed_at_random_orphan_no_batch_and_pay_for_no_line_twice(
    server: BatchServer, same_as_online: Callable[..., None], tmp_path: Path, model: str, kills: int
) -> None:
    server.looks = 2
    package = model.partition(":")[0]
    with driving("langchain.chat_models", f"langchain_{package}", f"{package}.resources") as drive:
        killed = Killed(drive, tmp_path / "log")
        number = 0
        while killed.kills < kills:
            number += 1
            server.lines.clear()
            server.online.clear()
            run = tmp_path / f"run-{number}"
            more = ["--batch", "--set", "batch.lines=4", *QUICK]
            killed.run_to_its_end([*map(str, arguments(server, run, model)), *more])
            same_as_online(run.name, model, is_killed=True)
            with Ledger.open(run, read_only=True) as ledger:
                known = {batch.batch_id for batch in ledger.batches()}
            assert set(server.batches) == known  # none was orphaned
            server.batches.clear()
            server.requests.clear()

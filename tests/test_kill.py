"""`kill -9` at twenty moments: the run goes on each time, ends with the same exports, and pays for no reply twice."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from support.driver import Driver
from support.runs import spent_in

from self_instruct.ledger import Ledger
from self_instruct.records.tasks import Proposer

TARGET = 120
BETWEEN = [("reply", number) for number in (1, 2, 3, 5, 9, 14, 4, 30, 8, 6, 11, 7)]  # a reply committed, not yet decided
WITHIN = [("deciding", number) for number in (1, 2, 4, 25, 3, 10, 6, 5)]  # in the middle of a decision's transaction
FORMATS = {"self-instruct": "original", "prompt-completion": "rows.jsonl", "alpaca": "alpaca.json"}


class Commands:
    """The two commands, in processes that may be killed."""

    def __init__(self, drive: Driver) -> None:
        self._drive = drive

    def generate(self, run: Path, log: Path, moment: str = "never", number: int = 0, *more: str) -> int:
        target, concurrency = ("--num-instructions", str(TARGET)), ("--concurrency", "8")
        return self._drive(moment, number, log, "generate", "--run", run, *target, *concurrency, *more)

    def export(self, run: Path, form: str, out: Path) -> int:
        return self._drive("never", 0, os.devnull, "export", run, "--format", form, "--out", out)


@pytest.fixture
def killable(drive: Driver) -> Commands:
    return Commands(drive)


def exported(killable: Commands, run: Path) -> dict[str, bytes]:
    for form, name in FORMATS.items():
        assert killable.export(run, form, run / name) == 0
    files = [run / "rows.jsonl", run / "alpaca.json", *(run / "original").iterdir()]
    return {file.name: file.read_bytes() for file in files}


def stored(run: Path) -> set[str]:
    if not (run / "ledger.sqlite").exists():
        return set()
    with Ledger.open(run, read_only=True) as ledger:
        keys = [each.request for each in ledger.replies()]
    return {f"{key.stage} {key.request} {key.item} {key.instance} {key.attempt}" for key in keys}


def test_a_run_killed_twenty_times_ends_as_an_undisturbed_one(killable: Commands, tmp_path: Path) -> None:
    calm, rough, log = tmp_path / "calm", tmp_path / "rough", tmp_path / "requests.log"
    assert killable.generate(calm, tmp_path / "calm.log") == 0

    lost: Counter[str] = Counter()
    kills = 0
    moments = [pair for both in zip(BETWEEN, [*WITHIN, *WITHIN], strict=False) for pair in both][:20]
    for moment, number in moments:
        before = Counter(log.read_text().split("\n")) if log.exists() else Counter()
        code = killable.generate(rough, log, moment, number)
        assert code in (-signal.SIGKILL, 0)
        kills += code == -signal.SIGKILL
        sent = Counter(log.read_text().split("\n")) - before
        lost.update(key for key in sent if key and key not in stored(rough))
    assert killable.generate(rough, log) == 0

    assert kills == len(moments) == 20
    assert sum(moment == "reply" for moment, _ in moments) >= 10
    asked = Counter(line for line in log.read_text().split("\n") if line)
    assert {key: times for key, times in asked.items() if times > 1 + lost[key]} == {}
    assert exported(killable, rough) == exported(killable, calm)


def test_three_kills_let_no_more_requests_out_than_the_budget_allows(killable: Commands, tmp_path: Path) -> None:
    run, log, budget = tmp_path / "run", tmp_path / "requests.log", ("--max-requests", "50")
    for moment, number in (("sent", 6), ("reply", 9), ("sent", 8)):
        assert killable.generate(run, log, moment, number, *budget) == -signal.SIGKILL
    assert killable.generate(run, log, "never", 0, *budget) == 1
    with Ledger.open(run, read_only=True) as ledger:
        spent, answered = spent_in(ledger), sum(1 for _ in ledger.replies())
    requests = sum(1 for line in log.read_text().splitlines() if line)
    assert spent.requests == 50 >= requests
    assert spent.unanswered == 50 - answered >= requests - answered > 0


def test_a_run_of_all_proposers_that_is_killed_ends_as_an_undisturbed_one(killable: Commands, tmp_path: Path) -> None:
    calm, rough, log, texts = (tmp_path / name for name in ("calm", "rough", "requests.log", "texts.txt"))
    texts.write_text("\n\n".join(f"Text {number} of seven." for number in range(7)))
    named = [each for one in Proposer for each in ("--proposer", one.value)]
    more = (*named, "--texts", str(texts), "--set", "magpie.template=chatml", "--num-instructions", "16")
    assert killable.generate(calm, tmp_path / "calm.log", "never", 0, *more) == 0
    for moment, number in (("reply", 3), ("deciding", 4), ("sent", 6)):
        assert killable.generate(rough, log, moment, number, *more) == -signal.SIGKILL
    assert killable.generate(rough, log, "never", 0, *more) == 0
    runs = [Ledger.open(run, read_only=True) for run in (calm, rough)]
    decided = [(list(run.tasks()), list(run.instances()), list(run.rejections())) for run in runs]
    assert decided[0] == decided[1]
    lineages = [{one.request: one for one in run.lineages() if one.request < run.progress.request} for run in runs]
    assert lineages[0] == lineages[1] != {}
    assert len({one.stage for one in lineages[0].values()}) == 3
    for run in runs:
        run.close()

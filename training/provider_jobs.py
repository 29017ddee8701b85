"""Fine-tune at a provider that speaks OpenAI's API: upload a checked file, start a job, follow it, find it again after a kill.

Everything that costs is written down first: the intent, then the file's id, then the job's, before anything is waited for. The
file's name and the job's metadata hold the plan's hash. A process that was killed between asking and writing down adopts what
it had started, and none is paid for twice.
Source: OpenAI's API reference, "Files" and "Fine-tuning".
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from self_instruct.chains.models.provider_errors import explained
from self_instruct.ledger.lock import RunLock
from self_instruct.records.errors import InputError, ModelRefusedError, SelfInstructError, SettingsError
from self_instruct.reports.exports.conversations import chat_faults
from self_instruct.reports.writing import json_line, new_file
from self_instruct.settings.secrets import without_secrets
from self_instruct.training.examples import as_conversation
from self_instruct.training.rows import TrainingData, TrainingDataError

if TYPE_CHECKING:
    from openai import OpenAI

JOB_FILE, UPLOAD_FILE = "job.json", "upload.jsonl"
TAG = "self_instruct_plan"  # the key in a job's metadata
SUCCEEDED, FAILED, CANCELLED = "succeeded", "failed", "cancelled"
_LOOKS = 1000  # jobs and files looked through for one of ours


class JobEndedError(SelfInstructError):
    """The provider ended a job without a model: it failed, or somebody cancelled it."""


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What is asked of the provider. Its own defaults hold for `epochs` and `seed` where they are None."""

    data: TrainingData
    model: str
    epochs: int | None = None
    suffix: str | None = None
    seed: int | None = None

    def lines(self) -> str:
        """Return the rows as the provider takes them; raises `TrainingDataError` for those that it would refuse."""
        text = "".join(json_line({"messages": as_conversation(row).messages()}) for row in self.data.rows)
        if fault := next(chat_faults(text.splitlines()), None):
            raise TrainingDataError(f"{self.data.name}: the provider would refuse it: {fault}.")
        return text

    def facts(self, text: str) -> dict[str, Any]:
        """Return what decides the outcome, as JSON values."""
        settings = {"model": self.model, "epochs": self.epochs, "suffix": self.suffix, "seed": self.seed}
        return {**settings, "upload_sha256": sha256(text.encode()).hexdigest()}


@dataclass(slots=True)
class _State:
    """How far a job is; every change is on the disk before the next step."""

    plan: dict[str, Any]
    file_id: str | None = None
    job_id: str | None = None
    status: str | None = None
    made: str | None = None
    error: str | None = None


class Job:
    """A job in a folder, held by one process as long as its block lasts."""

    def __init__(self, out: Path, state: _State, client: OpenAI) -> None:
        self._out = out
        self._client = client
        self.state = state
        self._lock = RunLock(out)

    @classmethod
    def open(cls, out: Path, plan: JobPlan, base_url: str | None = None) -> Self:
        """Return the job of a plan in a folder, written down there if it is new.

        Raises `InputError` where the rows would be refused, or the folder holds another plan or something else.
        """
        text = plan.lines()
        client = _client(base_url)
        state = _stored(out, plan.facts(text))
        if not (out / JOB_FILE).exists():
            with new_file(out / UPLOAD_FILE) as file:
                file.write(text)
            _write(out, state)
        return cls(out, state, client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lock.release()
        self._client.close()

    @property
    def tag(self) -> str:
        """The plan's hash, by which what was started for it is found again."""
        return sha256(json.dumps(self.state.plan, sort_keys=True).encode()).hexdigest()[:32]

    def start(self) -> None:
        """Upload the file and start the job, unless that is done; what a killed process had started is adopted."""
        if self.state.file_id is None:
            self._keep(file_id=self._found_file() or self._upload())
        if self.state.job_id is None:
            self._keep(job_id=self._found_job() or self._create())

    def look(self) -> str:
        """Ask the provider how the job is, keep that, and return its status."""
        with _explained():
            found = self._client.fine_tuning.jobs.retrieve(str(self.state.job_id))
        error = found.error.message if found.error else None
        self._keep(status=found.status, made=found.fine_tuned_model, error=error and without_secrets(error))
        return found.status

    def events(self, seen: set[str]) -> list[str]:
        """Return what the provider says of the job that is not yet `seen`, the oldest first."""
        with _explained():
            page = self._client.fine_tuning.jobs.list_events(str(self.state.job_id), limit=100)
        fresh = [event for event in reversed(page.data) if event.id not in seen]
        seen.update(event.id for event in fresh)
        return [event.message for event in fresh]

    def _keep(self, **changes: str | None) -> None:
        for name, value in changes.items():
            setattr(self.state, name, value)
        _write(self._out, self.state)

    def _upload(self) -> str:
        with _explained(), (self._out / UPLOAD_FILE).open("rb") as file:
            # Asked once: a second try after a lost answer would leave two.
            once = self._client.with_options(max_retries=0)
            return once.files.create(file=(self._file_name, file.read()), purpose="fine-tune").id

    def _create(self) -> str:
        plan = self.state.plan
        wanted: dict[str, Any] = {name: plan[name] for name in ("suffix", "seed") if plan[name] is not None}
        how = {"hyperparameters": {"n_epochs": plan["epochs"]}} if plan["epochs"] else {}
        with _explained():
            return (
                self._client.with_options(max_retries=0)
                .fine_tuning.jobs.create(
                    model=plan["model"],
                    training_file=str(self.state.file_id),
                    metadata={TAG: self.tag},
                    method={"type": "supervised", "supervised": how},  # type: ignore[arg-type]
                    **wanted,
                )
                .id
            )

    @property
    def _file_name(self) -> str:
        return f"self-instruct-{self.tag}.jsonl"

    def _found_file(self) -> str | None:
        with _explained():
            return next((each.id for each in _some(self._client.files.list(purpose="fine-tune")) if self._is_our(each)), None)

    def _is_our(self, file: Any) -> bool:
        return bool(file.filename == self._file_name and file.status != "error")

    def _found_job(self) -> str | None:
        with _explained():
            jobs = _some(self._client.fine_tuning.jobs.list())
            return next((each.id for each in jobs if (each.metadata or {}).get(TAG) == self.tag), None)


def follow(job: Job, look_every_s: float, on_event: Callable[[str], None] = lambda _: None) -> str:
    """Start a job unless it is, follow it to its end, and return the name of the model that it made.

    Raises `JobEndedError` where it failed or was cancelled, `ModelUnavailableError` where the provider cannot be asked now: the
    job goes on there. Raises `InputError` where the provider refuses.
    """
    seen: set[str] = set()
    if job.state.status not in (SUCCEEDED, FAILED, CANCELLED):
        job.start()
        on_event(f"job {job.state.job_id}")
        while job.look() not in (SUCCEEDED, FAILED, CANCELLED):
            for line in job.events(seen):
                on_event(line)
            time.sleep(look_every_s)
        for line in job.events(seen):
            on_event(line)
    if job.state.status == SUCCEEDED and job.state.made:
        return job.state.made
    why = f": {job.state.error}" if job.state.error else ""
    raise JobEndedError(f"job {job.state.job_id} {job.state.status}{why}; start another in a new folder with `out`.")


def _some(found: Any) -> Iterator[Any]:
    """Yield the newest of a listing that goes on over pages."""
    return (each for _, each in zip(range(_LOOKS), found, strict=False))


def _client(base_url: str | None) -> OpenAI:
    from openai import OpenAI, OpenAIError

    try:
        return OpenAI(base_url=base_url)
    except OpenAIError as error:
        raise SettingsError(f"the provider cannot be asked: {without_secrets(str(error))}") from None


def _stored(out: Path, facts: dict[str, Any]) -> _State:
    if not (out / JOB_FILE).exists():
        if out.exists() and (not out.is_dir() or any(each.name not in (UPLOAD_FILE, "ledger.lock") for each in out.iterdir())):
            raise InputError(f"{out}: holds something else than a provider's job; name a new folder with `out`.")
        return _State(facts)
    try:
        state = _State(**json.loads((out / JOB_FILE).read_text(encoding="utf-8")))
        other = next((name for name in facts if state.plan[name] != facts[name]), None)
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{out / JOB_FILE}: is damaged ({error}); name a new folder with `out`.") from None
    if other:
        raise SettingsError(
            f"{out}: its job was planned with another {other} ({state.plan[other]}); name a new folder with `out`."
        )
    return state


def _write(out: Path, state: _State) -> None:
    with new_file(out / JOB_FILE) as file:
        json.dump(asdict(state), file, indent=2)
        file.write("\n")


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what the provider's client reports as one of our errors; what it refuses is wrong input."""
    try:
        with explained():
            yield
    except ModelRefusedError as refused:
        raise InputError(f"the provider refuses it: {refused}") from refused

"""A completion model that leans to one word is asked about seed tasks first; then its probabilities decide."""

import math
from pathlib import Path
from typing import Any

import pytest
from langchain_core.outputs import Generation, LLMResult
from support.questions import OfflineCompleter

from self_instruct.chains import classification_chain, instance_chain, task_chain
from self_instruct.chains.offline import guessing
from self_instruct.chains.runs.estimating import Estimate, estimate
from self_instruct.chains.runs.generating import generate
from self_instruct.chains.runs.listener import Listener
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.replaying import replay
from self_instruct.chains.stages.classification import CALIBRATION
from self_instruct.ledger import Ledger
from self_instruct.records.errors import SettingsError
from self_instruct.records.replies import Reply
from self_instruct.reports.analysis.status import status
from self_instruct.settings import Settings
from self_instruct.settings.layers import Layer
from self_instruct.settings.sections import ClassificationSettings

NAME = "support.questions.OfflineCompleter"
GIVEN = {"model": NAME, "num_instructions": 20, "classification.decide_by": "probabilities", "seed": 3}
OF_EACH_KIND = 10


class Leaning(OfflineCompleter):
    """Knows which tasks are classification tasks, and finds "text" likelier all the same; `tells` how likely."""

    tells: bool = True
    asked: list[str] = []  # noqa: RUF012  pydantic copies it

    def _generate(self, prompts: list[str], stop: list[str] | None = None, run_manager: Any = None, **sent: Any) -> LLMResult:
        self.asked.extend(prompts)
        if not prompts[0].endswith("Kind:"):
            return super()._generate(prompts, stop, run_manager)
        instruction = prompts[0].rpartition("Task: ")[2].removesuffix("\nKind:")
        label = 0.2 if guessing.is_probably_classification(instruction) else 0.01
        begun = {" label": math.log(label), " text": math.log(0.7)}
        told = {"logprobs": {"tokens": [" text"], "top_logprobs": [begun]}} if self.tells and sent.get("logprobs") else {}
        return LLMResult(generations=[[Generation(text=" text", generation_info={"finish_reason": "length", **told})]])


def generated(run: Path, model: Leaning, **more: Any) -> tuple[Outcome, list[str]]:
    said: list[str] = []
    given = Layer.said({**GIVEN, "classification.calibration_tasks": OF_EACH_KIND, **more}, "test")
    plan = RunPlan.new(given)
    with Ledger.open(run) if Ledger.exists(run) else Ledger.create(run, plan.facts()) as ledger:
        models = dict.fromkeys(map(str, plan.settings.stage_names), model)
        return generate(ledger, plan, models, Listener(on_news=said.append)), said


def lessons(run: Path) -> list[Reply]:
    with Ledger.open(run, read_only=True) as ledger:
        stored = [one.reply for one in ledger.replies() if one.request.stage == CALIBRATION]
    return [one for one in stored if isinstance(one, Reply)]


def kinds(run: Path) -> dict[str, bool | None]:
    with Ledger.open(run, read_only=True) as ledger:
        return {task.instruction: task.is_classification for task in ledger.tasks()}


def test_a_lean_is_taken_away_by_a_threshold_between_seed_tasks(tmp_path: Path) -> None:
    outcome, said = generated(tmp_path / "run", Leaning())
    assert outcome.ending is Ending.DONE
    assert len(said) == 2
    assert said[0].startswith(f"asking about {2 * OF_EACH_KIND} seed tasks first")
    assert f"of {2 * OF_EACH_KIND} seed tasks that tells" in said[1]
    assert len(lessons(tmp_path / "run")) == 2 * OF_EACH_KIND
    assert all(one.first_token[0] == (" text", round(math.log(0.7), 6)) for one in lessons(tmp_path / "run"))
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert said[1] == status(ledger).learned
    found = kinds(tmp_path / "run")
    assert found == {task: guessing.is_probably_classification(task) for task in found}
    assert len(set(found.values())) == 2


def test_what_is_learned_follows_from_stored_replies(tmp_path: Path) -> None:
    generated(tmp_path / "run", Leaning())
    again = Leaning()
    outcome, said = generated(tmp_path / "run", again)
    assert (outcome.ending, said, again.asked) == (Ending.DONE, [], [])
    with Ledger.open(tmp_path / "run", read_only=True) as before:
        replay(before, tmp_path / "replayed", Layer.said({}, "test")).close()
    replayed = kinds(tmp_path / "replayed")  # which keeps more, and knows nothing of those
    assert kinds(tmp_path / "run").items() <= replayed.items()


def test_a_model_that_tells_nothing_is_asked_once_and_then_in_words(tmp_path: Path) -> None:
    model = Leaning(tells=False)
    outcome, said = generated(tmp_path / "run", model)
    assert outcome.ending is Ending.DONE
    assert said[1] == "the model tells no probabilities, so that its words decide what is a classification task"
    assert sum(prompt.endswith("Kind:") for prompt in model.asked) == 1
    assert len(lessons(tmp_path / "run")) == 1
    assert set(kinds(tmp_path / "run").values()) == {True, False}


def test_nothing_is_decided_before_all_is_learned(tmp_path: Path) -> None:
    outcome, _ = generated(tmp_path / "run", Leaning(), max_requests=7)
    assert outcome.ending is Ending.BUDGET
    assert len(lessons(tmp_path / "run")) == 7
    assert kinds(tmp_path / "run") == {}
    outcome, _ = generated(tmp_path / "run", Leaning())
    assert outcome.ending is Ending.DONE
    generated(tmp_path / "whole", Leaning())
    assert kinds(tmp_path / "run") == kinds(tmp_path / "whole")


def estimated(run: Path, model: Leaning | None = None, **more: Any) -> Estimate:
    """Return the estimate of a run, after it was begun with a model, or of one that is new."""
    given = Layer.said({**GIVEN, "classification.calibration_tasks": OF_EACH_KIND}, "test")
    if model is None:
        return estimate(RunPlan.new(given), None)
    generated(run, model, **more)
    with Ledger.open(run, read_only=True) as ledger:
        return estimate(RunPlan.of(ledger), ledger)


def test_a_dry_run_counts_the_questions_about_seed_tasks_that_are_left(tmp_path: Path) -> None:
    new = estimated(tmp_path / "new")
    asked = new.stages[0]
    assert (asked.stage, asked.requests, asked.most_output_tokens) == (CALIBRATION, 2 * OF_EACH_KIND, 2 * OF_EACH_KIND)
    assert asked.usage.input_tokens
    assert any(line.startswith("calibration: seed tasks are asked about first") for line in new.assumptions)
    begun = estimated(tmp_path / "begun", Leaning(), max_requests=7)
    assert (begun.stages[0].stage, begun.stages[0].requests) == (CALIBRATION, 2 * OF_EACH_KIND - 7)
    for name, model in (("done", Leaning()), ("untold", Leaning(tells=False))):
        assert CALIBRATION not in [each.stage for each in estimated(tmp_path / name, model).stages]
    first = estimated(tmp_path / "done", Leaning()).questions[1]
    assert first.question.prompt.to_string().endswith("Kind:"), "as it is asked once the threshold is known"


@pytest.mark.parametrize(("profile", "model"), [("paper", "openai-completion:x"), ("modern", "openai:x")])
def test_words_decide_in_the_papers_profile_and_of_chat_models(profile: str, model: str) -> None:
    plan = RunPlan.new(Layer.said({"model": model, "profile": profile}, "test"))
    assert all(not stage.lessons(plan.seeds) for stage in plan.stages().all)


def test_no_lesson_is_about_a_task_that_its_prompt_shows() -> None:
    plan = RunPlan.new(Layer.said({"model": "openai-completion:x"}, "test"))
    questions = plan.stages()["classification"].lessons(plan.seeds)
    assert 30 < len(questions) <= 80
    assert len({one.id for one in questions}) == len(questions)
    for one in questions:
        assert one.prompt.to_string().count(f"Task: {plan.seeds[one.id.request].instruction}\n") == 1
        assert one.parameters["max_tokens"] == 1


def test_a_chain_that_has_no_seeds_to_learn_from_says_so() -> None:
    given = Settings(classification=ClassificationSettings(decide_by="probabilities"))
    with pytest.raises(SettingsError, match="no seed tasks to learn a threshold from"):
        classification_chain(Leaning(), given)
    with pytest.raises(SettingsError, match="no seed tasks to learn a threshold from"):
        task_chain(Leaning(), given)
    assert instance_chain(Leaning(), given), "which does not ask for a task's kind"


@pytest.mark.parametrize("words", [["label", "Label"], ["", "text"], ["text", "texts"], ["a b", "c"]])
def test_words_that_a_token_cannot_tell_apart_are_refused(words: list[str]) -> None:
    with pytest.raises(SettingsError, match=r"classification\.words .*none of which begins the other"):
        RunPlan.new(Layer.said({"model": NAME, "classification.words": words}, "test"))

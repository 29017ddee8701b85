"""What a replay takes over from the run whose replies it decides."""

from pathlib import Path

import pytest

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.replaying import replay
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import StageName
from self_instruct.settings.layers import Layer
from self_instruct.settings.sections import ModelChoice


@pytest.mark.parametrize("said", [{}, {"profile": "paper"}])
def test_a_replay_keeps_each_stages_model_under_other_rules_too(tmp_path: Path, said: dict[str, str]) -> None:
    values = {
        "model": "openai:a", "model_options.organization": "mine", "instances.model": "openai:b",
        "instances.base_url": "http://h/v1", "instances.model_options.x": 1,
    }  # fmt: skip
    plan = RunPlan.new(Layer.said(values, "config.yaml:1"))
    with (
        Ledger.create(tmp_path / "before", plan.facts()) as before,
        replay(before, tmp_path / "after", Layer.said(said, "--profile")) as after,
    ):
        settings = RunPlan.of(after).settings
    assert settings.choice(StageName.CLASSIFICATION) == ModelChoice("openai:a", None, {"organization": "mine"})
    assert settings.choice(StageName.INSTANCES) == ModelChoice("openai:b", "http://h/v1", {"x": 1})

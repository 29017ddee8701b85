"""The configs in `examples/`: each settles, and makes its models where their packages are installed."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from langchain_core.language_models import BaseChatModel, BaseLLM

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.records.errors import SettingsError
from self_instruct.records.tasks import StageName
from self_instruct.settings.config_file import from_config

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))
CLUSTERS = sorted((FOLDER / "cluster").iterdir())
PAGE = (Path(__file__).parent.parent / "docs" / "swapping-providers.md").read_text(encoding="utf-8")
VARIABLES = ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "OPENROUTER_API_KEY", "VLLM_API_KEY", "ANTHROPIC_API_KEY")
INSTALLED = {
    "openai": ["ChatOpenAI"] * 3,
    "batch": ["ChatOpenAI"] * 3,
    "azure": ["AzureChatOpenAI"] * 3,
    "vllm": ["ChatOpenAI"] * 3,
    "llama-server": ["ChatOpenAI"] * 3,
    "completion": ["OpenAI"] * 3,
    "per-stage": ["OpenAI", "ChatOpenAI", "ChatOpenAI"],
}
NOT_INSTALLED = {
    "anthropic": ("langchain_anthropic", "pip install langchain-anthropic"),
    "ollama": ("langchain_ollama", "pip install langchain-ollama"),
    "llama-cpp": ("llama_cpp", "pip install llama-cpp-python"),
    "llama-cpp-completion": ("llama_cpp", "pip install llama-cpp-python"),
    "huggingface": ("langchain_huggingface", "pip install langchain-huggingface"),
    "ray": ("ray", "pip install 'self-instruct-chains[ray]'"),
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, f"a-key-for-{variable}")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://resource.openai.azure.com")


def plan_of(name: str) -> RunPlan:
    [path] = [path for path in EXAMPLES if path.stem == name]
    return RunPlan.new(from_config(path))


def models_of(name: str) -> dict[StageName, Any]:
    return plan_of(name).models()


def test_every_example_is_tried_here_and_is_a_config_file() -> None:
    assert {path.stem for path in EXAMPLES} == {*INSTALLED, *NOT_INSTALLED}
    assert {path.suffix for path in EXAMPLES} == {".yaml"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_settles_and_all_of_it_comes_from_the_file(path: Path) -> None:
    given = from_config(path)
    plan = RunPlan.new(given)
    assert plan.settings.num_instructions
    assert {plan.origins[key].partition(":")[0] for key in given.values if key in plan.origins} == {str(path)}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_says_in_its_head_the_command_that_runs_it_and_the_docs_name_it(path: Path) -> None:
    head = path.read_text(encoding="utf-8").partition("\nmodel:")[0]
    assert f".venv/bin/python run.py generate --config examples/{path.name} --run runs/" in head
    assert f"[`{path.name}`](../examples/{path.name})" in PAGE


@pytest.mark.parametrize(("name", "kinds"), INSTALLED.items())
def test_where_the_package_is_installed_the_models_are_made(name: str, kinds: list[str]) -> None:
    models = models_of(name)
    assert [type(models[stage]).__name__ for stage in StageName] == kinds
    assert all(isinstance(model, BaseChatModel | BaseLLM) for model in models.values())


@pytest.mark.parametrize(("name", "needed"), NOT_INSTALLED.items())
def test_where_it_is_not_one_line_says_which_to_install(
    without_package: Callable[[str], None], name: str, needed: tuple[str, str]
) -> None:
    package, hint = needed
    without_package(package)
    with pytest.raises(SettingsError, match=re.escape(hint)) as error:
        models_of(name)
    assert "\n" not in str(error.value)


def test_azure_asks_the_deployment_at_the_resource_of_the_environment() -> None:
    model = models_of("azure")[StageName.INSTANCES]
    assert str(model.root_async_client.base_url) == "https://resource.openai.azure.com/openai/deployments/my-deployment/"
    assert model.openai_api_version == "2024-10-21"


def test_each_stage_asks_its_own_server_with_its_own_key() -> None:
    models: dict[StageName, Any] = models_of("per-stage")
    reached = [(model.openai_api_base, model.openai_api_key.get_secret_value()) for model in models.values()]
    assert reached == [
        ("http://127.0.0.1:8000/v1", "a-key-for-VLLM_API_KEY"),
        (None, "a-key-for-OPENAI_API_KEY"),
        ("https://openrouter.ai/api/v1", "a-key-for-OPENROUTER_API_KEY"),
    ]


@pytest.mark.parametrize("name", [*INSTALLED, *NOT_INSTALLED])
def test_no_example_holds_a_key(name: str) -> None:
    stored = str(plan_of(name).facts()["settings"])
    assert not [variable for variable in VARIABLES if f"a-key-for-{variable}" in stored]


@pytest.mark.parametrize("path", CLUSTERS, ids=lambda path: path.stem)
def test_each_cluster_file_is_yaml_and_the_docs_name_it(path: Path) -> None:
    assert all(isinstance(document, dict) for document in yaml.safe_load_all(path.read_text(encoding="utf-8")))
    page = (FOLDER.parent / "docs" / "many-machines.md").read_text(encoding="utf-8")
    assert f"](../examples/cluster/{path.name})" in page


def test_the_cluster_of_ray_is_one_by_its_own_schema_and_has_room_for_the_actors_of_the_example() -> None:
    cluster = yaml.safe_load((FOLDER / "cluster" / "ray-cluster.yaml").read_text(encoding="utf-8"))
    wanted, machine = plan_of("ray").settings.ray, cluster["available_node_types"]["gpu"]
    assert machine["resources"]["CPU"] >= wanted.cpus
    assert machine["resources"]["GPU"] * machine["max_workers"] >= wanted.actors * wanted.gpus
    jsonschema = pytest.importorskip("jsonschema")
    autoscaler = pytest.importorskip("ray.autoscaler")
    schema = json.loads((Path(autoscaler.__file__).parent / "ray-schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(cluster, schema)

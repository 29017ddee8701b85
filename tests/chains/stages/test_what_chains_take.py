"""What the chains are given: settings mean what they mean to a run, any model will do, and what is wrong is one clear line."""

from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseLLM, FakeListChatModel
from langchain_core.outputs import Generation, LLMResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import ConfigurableField
from pydantic import Field

from self_instruct.chains import (
    SelfInstruct,
    compare_chain,
    instance_chain,
    instruction_chain,
    judge_chain,
    load_model,
    refinement_graph,
    task_chain,
)
from self_instruct.chains.models.names import model_name_of
from self_instruct.chains.stages.stage import as_task
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.records.tasks import Instance, Task
from self_instruct.settings.settings import Settings

SORT = {"instruction": "Sort the numbers in ascending order.", "is_classification": False}


class Noting(FakeListChatModel):
    """Notes the parameters that it is sent."""

    responses: list[str] = Field(default_factory=lambda: ["Input: 2, 1\nOutput: 1, 2"])
    seen: list[dict[str, Any]] = Field(default_factory=list)

    def _call(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> str:
        self.seen.append(kwargs)
        return super()._call(messages, stop, run_manager, **kwargs)


def sent_by_a_run(folder: Path, **settings: Any) -> dict[str, Any]:
    noting = Noting()
    SelfInstruct("offline", models={"instances": noting}, num_instructions=1, **settings).run(folder)
    return noting.seen[0]


@pytest.mark.parametrize(
    "said",
    [
        {"profile": "paper"},
        {"instances": {"parameters": {"temperature": 0.5}}},
        {"instances": {"parameters": {"temperature": None}}},
    ],
)
def test_settings_send_with_a_chain_what_they_send_in_a_run(tmp_path: Path, said: dict[str, Any]) -> None:
    noting = Noting()
    instance_chain(noting, Settings(**said)).invoke(SORT)
    assert noting.seen == [sent_by_a_run(tmp_path / "run", **said)]


def test_a_profile_and_a_language_bring_a_chain_their_rules() -> None:
    model = FakeListChatModel(responses=["x"])
    forms = [instance_chain(model, Settings(profile=name)).stage.settings.form for name in ("modern", "paper")]  # type: ignore[attr-defined]
    assert forms == ["tolerant", "published"]
    listed = "Zeichne ein Bild von einem Haus am See.\n10. Nenne drei Flüsse in Europa."
    german = instruction_chain(FakeListChatModel(responses=[listed]), Settings(language="de")).invoke(["Nenne einen Fluss."])
    assert [getattr(each, "reason", None) for each in german] == ["banned word", None]


async def test_with_one_attempt_instructions_are_streamed_as_they_are_read() -> None:
    reply = "\n".join(f"{number}. Name {number} rivers that flow into the sea near town {number}." for number in range(9, 17))
    chain = instruction_chain(FakeListChatModel(responses=[reply]), Settings(instructions={"attempts": 1}))
    given = {"demonstrations": ["Write a poem about rain."]}
    parts = list(chain.stream(given))
    assert len(parts) > 1
    assert [each for part in parts for each in part] == chain.invoke(given)
    assert [part async for part in chain.astream(given)] == parts


def test_a_function_is_a_model_and_what_is_none_is_refused_when_the_chain_is_made() -> None:
    said = instance_chain(lambda _: "Input: 2, 1\nOutput: 1, 2").invoke(SORT)  # type: ignore[arg-type]
    assert said == [Instance("2, 1", "1, 2")]
    wrong: list[tuple[Any, str]] = [
        (lambda: task_chain("offline"), "a model is one of LangChain's, .* not a str"),  # type: ignore[arg-type]
        (lambda: task_chain(FakeListChatModel(responses=["x"]), {"seed": 1}), "settings is a Settings, .* not a dict"),  # type: ignore[arg-type]
        (
            lambda: task_chain(FakeListChatModel(responses=["x"]), None, ChatPromptTemplate.from_template("x")),  # type: ignore[arg-type]
            "prompts is a PromptSet, .* not a ChatPromptTemplate",
        ),
        (lambda: task_chain(FakeListChatModel(responses=["x"]), on_rejection="rise"), "'return' or 'raise', not 'rise'"),  # type: ignore[arg-type]
        (
            lambda: task_chain(FakeListChatModel(responses=["x"]), Settings(base_url="http://127.0.0.1:9/v1")),
            "a model is given",
        ),
        (lambda: SelfInstruct(5), "a model is one of LangChain's"),  # type: ignore[arg-type]
        (lambda: SelfInstruct("offline", settings={"seed": 1}), "settings is a Settings"),  # type: ignore[arg-type]
    ]
    for make, words in wrong:
        with pytest.raises(SettingsError, match=words):
            make()


class Cut(BaseLLM):
    """A completion model that says that it stopped at its limit."""

    ending: str = "length"

    def _generate(self, prompts: Any, *args: Any, **kwargs: Any) -> LLMResult:
        said = Generation(text=" Name three rivers of Asia and", generation_info={"finish_reason": self.ending})
        return LLMResult(generations=[[said] for _ in prompts])

    @property
    def _llm_type(self) -> str:
        return "cut"


async def test_a_model_with_configurable_fields_tells_why_it_ended() -> None:
    for model in (
        Cut().configurable_fields(ending=ConfigurableField(id="ending")),
        Cut().configurable_alternatives(ConfigurableField(id="which"), other=Cut()),
    ):
        assert model_name_of(model) == model_name_of(Cut())
        chain = instruction_chain(model)
        given = {"demonstrations": ["Write a poem about rain."]}
        for read in (chain.invoke(given), await chain.ainvoke(given)):
            assert [getattr(each, "reason", None) for each in read] == ["cut off"]
    configured = instruction_chain(Cut().configurable_fields(ending=ConfigurableField(id="ending")))
    read = configured.invoke({"demonstrations": ["Write a poem."]}, {"configurable": {"ending": "stop"}})
    assert [getattr(each, "reason", None) for each in read] == [None]


# inputs


def test_a_mapping_with_instances_is_the_task_it_was_made_of() -> None:
    task = Task("Say what you see.", False, (Instance("", "a cat", "cat.png"),))
    assert as_task(task.to_dict()).instances == task.instances
    for wrong in ("abc", [{"input": "a"}], [{"input": 1, "output": "b"}], 5):
        with pytest.raises(InputError, match="'instances' are Instances, or"):
            as_task({"instruction": "x y", "instances": wrong})


def test_a_judge_is_given_texts() -> None:
    judge = judge_chain(FakeListChatModel(responses=["Q1: yes\nQ2: yes\nQ3: yes\nScore: 5\nReason: good"]))
    for wrong in (None, 5, ["a"]):
        with pytest.raises(InputError, match="text"):
            judge.invoke({"instruction": "Say hello.", "output": wrong})  # type: ignore[typeddict-item]


@pytest.mark.parametrize("given", [{}, {"instruction": ""}, {"instruction": None}, {"instruction": "a b", "output": 5}])
def test_a_refinement_graph_is_given_texts(given: dict[str, Any]) -> None:
    pytest.importorskip("langgraph")
    graph = refinement_graph(load_model("offline"), load_model("offline"))
    with pytest.raises(InputError, match="the refinement graph takes"):
        graph.invoke(given)  # type: ignore[arg-type]


def test_a_refinement_graph_refuses_what_it_has_no_use_for() -> None:
    pytest.importorskip("langgraph")
    offline = load_model("offline")
    with pytest.raises(SettingsError, match="templates has no use here"):
        refinement_graph(offline, offline, Settings(templates="mine"))
    with pytest.raises(SettingsError, match="rounds is -1"):
        refinement_graph(offline, offline, rounds=-1)


def test_the_drawing_of_a_comparison_shows_its_two_orders() -> None:
    drawn = compare_chain(load_model("offline")).get_graph()
    assert list(drawn.nodes) == ["input", "compare prompt", "compare model", "compare reading", "output"]
    assert [edge.data for edge in drawn.edges if edge.conditional] == ["the other order, or nothing could be read"]


async def test_a_parameter_bound_to_a_chain_is_refused_with_where_it_belongs() -> None:
    chain = task_chain(load_model("offline")).bind(stop=["x"])
    with pytest.raises(InputError, match="a chain takes no stop: bind that to its model"):
        chain.invoke("Name a river.")
    with pytest.raises(InputError, match="bind that to its model"):
        await chain.ainvoke("Name a river.")

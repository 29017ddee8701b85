"""The stages as runnables: on their own, in somebody's pipe, with chat and with completion models."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.language_models import BaseChatModel, BaseLLM, FakeListChatModel, FakeListLLM, GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableLambda

from self_instruct.chains import classification_chain, instance_chain, instruction_chain, task_chain
from self_instruct.prompts.prompt_set import prompt_set
from self_instruct.records.errors import InputError, RejectedError, SettingsError, TemplateError
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection, SeedTask, StageName, Task
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import settle

MakeModel: TypeAlias = Callable[..., BaseChatModel | BaseLLM]

SHOWN = [f"Demonstration number {number} asks for something" for number in range(8)]
LIST_REPLY = " Name three rivers that flow into the Black Sea.\n10. Sort\n11. Write a haiku about the first frost of autumn."
LISTED: list[Candidate | Rejection] = [
    Candidate(0, "Name three rivers that flow into the Black Sea."),
    Rejection(StageName.INSTRUCTIONS, Reason.TOO_SHORT, "Sort", 49, {"words": 1, "limit": 4}),
    Candidate(58, "Write a haiku about the first frost of autumn."),
]
INPUT_FIRST_REPLY = "Example 1\nInput: 3, 1, 2\nOutput: 1, 2, 3\nExample 2\nInput: x\nOutput: x"
OUTPUT_FIRST_REPLY = "Class label: warm\nthe sun\nClass label: cold\nthe ice"
SORT = "Sort the numbers in ascending order."
SEED = SeedTask("s", "sort", SORT, (Instance("2, 1", "1, 2"),), False)
SORTED = Instance("3, 1, 2", "1, 2, 3")
SAME = Rejection(StageName.INSTANCES, Reason.INPUT_EQUALS_OUTPUT, "x", evidence={"input": "x"})
CHAINS: dict[str, Callable[..., Runnable[Any, Any]]] = {
    "instruction": instruction_chain,
    "classification": classification_chain,
    "instance": instance_chain,
    "task": task_chain,
}


def chat(*replies: str) -> FakeListChatModel:
    return FakeListChatModel(responses=list(replies))


def completion(*replies: str) -> FakeListLLM:
    return FakeListLLM(responses=list(replies))


@pytest.fixture(params=[chat, completion])
def model(request: pytest.FixtureRequest) -> MakeModel:
    made: MakeModel = request.param
    return made


class KnowingChat(GenericFakeChatModel):
    """Answers by what the last task of its prompt is about, so that the order of several requests does not matter."""

    messages: Any = iter(())

    def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        prompt = messages[-1].content
        if "say its kind" in messages[0].content:
            self.messages = iter([AIMessage("label" if "weather" in prompt.rpartition("Task:")[2] else "text")])
        else:
            self.messages = iter(
                [AIMessage(OUTPUT_FIRST_REPLY if "weather" in prompt.rpartition("Task:")[2] else INPUT_FIRST_REPLY)]
            )
        return super()._generate(messages, *args, **kwargs)


# each chain, with each kind of model


def test_an_instruction_chain_gives_candidates_and_rejections(model: MakeModel) -> None:
    assert instruction_chain(model(LIST_REPLY)).invoke({"demonstrations": SHOWN}) == LISTED


@pytest.mark.parametrize(("reply", "is_classification"), [("Yes", True), (" No.", False)])
def test_a_classification_chain_gives_the_kind(model: MakeModel, reply: str, is_classification: bool) -> None:
    assert classification_chain(model(reply)).invoke({"instruction": SORT}) == Classification(is_classification)


def test_a_question_answered_neither_way_is_asked_again(model: MakeModel) -> None:
    assert classification_chain(model("Perhaps", "Yes")).invoke({"instruction": SORT}) == Classification(True)
    refused = classification_chain(model("Perhaps", "Who knows")).invoke({"instruction": SORT})
    assert isinstance(refused, Rejection)
    assert (refused.reason, refused.text) == (Reason.NEITHER_YES_NOR_NO, "Who knows")


def test_under_the_profile_paper_a_question_is_asked_once(model: MakeModel) -> None:
    paper = settle(Layer.said({"profile": "paper"}, "--profile")).settings
    assert classification_chain(model("Perhaps", "Yes"), paper).invoke({"instruction": SORT}) == Classification(False)


def test_an_instance_chain_gives_instances_and_rejections(model: MakeModel) -> None:
    chain = instance_chain(model(INPUT_FIRST_REPLY))
    assert chain.invoke({"instruction": SORT, "is_classification": False}) == [SORTED, SAME]


def test_an_instance_chain_asks_output_first_for_a_classification_task(model: MakeModel) -> None:
    chain = instance_chain(model(OUTPUT_FIRST_REPLY))
    found = chain.invoke({"instruction": "Say which weather it is.", "is_classification": True})
    assert found == [Instance("the sun", "warm"), Instance("the ice", "cold")]


@pytest.mark.parametrize("proposers", [{"evolve": 1.0}, {"self-instruct": 0.5, "evolve": 0.5, "magpie": 0.5}])
def test_a_task_chain_is_the_same_whoever_brings_the_instructions_of_a_run(
    model: MakeModel, proposers: dict[str, float]
) -> None:
    settings = Settings.model_validate({"proposers": proposers, "magpie": {"template": "chatml"}})
    assert task_chain(model("No", INPUT_FIRST_REPLY), settings).invoke(SORT).instances == (SORTED,)


def test_a_task_chain_gives_a_finished_task(model: MakeModel) -> None:
    assert task_chain(model("No", INPUT_FIRST_REPLY)).invoke({"instruction": SORT}) == Task(SORT, False, (SORTED,), (SAME,))


def test_a_task_of_no_clear_kind_has_no_instances(model: MakeModel) -> None:
    task = task_chain(model("Perhaps")).invoke({"instruction": SORT})
    assert (task.is_classification, task.instances) == (None, ())
    assert [each.reason for each in task.rejections] == [Reason.NEITHER_YES_NOR_NO]


# each way of calling


async def test_invoke_ainvoke_batch_and_abatch_give_the_same(model: MakeModel) -> None:
    given: Any = {"demonstrations": SHOWN}
    chain = instruction_chain(model(LIST_REPLY))
    results = [chain.invoke(given), await chain.ainvoke(given), *chain.batch([given, given]), *await chain.abatch([given])]
    assert results == [LISTED] * 5


async def test_a_task_chain_can_be_awaited(model: MakeModel) -> None:
    assert await task_chain(model("No", INPUT_FIRST_REPLY)).ainvoke({"instruction": SORT}) == Task(
        SORT, False, (SORTED,), (SAME,)
    )


async def test_a_batch_of_tasks_comes_back_in_order_each_with_its_own_kind() -> None:
    instructions = [f"{task} number {number}." for number in range(4) for task in (SORT, "Say which weather it is")]
    chain = task_chain(KnowingChat())
    for tasks in (
        chain.batch([{"instruction": each} for each in instructions]),
        await chain.abatch([{"instruction": each} for each in instructions]),
    ):
        assert [task.instruction for task in tasks] == instructions
        assert [task.is_classification for task in tasks] == [False, True] * 4
        assert {len(task.instances) for task in tasks[1::2]} == {2}


async def test_streamed_instructions_add_up_to_the_whole_reply(model: MakeModel) -> None:
    chain = instruction_chain(model(LIST_REPLY))
    given: Any = {"demonstrations": SHOWN}
    assert [each for part in chain.stream(given) for each in part] == LISTED
    assert [each async for part in chain.astream(given) for each in part] == LISTED


def test_a_streamed_task_arrives_whole(model: MakeModel) -> None:
    assert list(task_chain(model("No", INPUT_FIRST_REPLY)).stream({"instruction": SORT})) == [
        Task(SORT, False, (SORTED,), (SAME,))
    ]


# in somebody else's application


def test_chains_stand_inside_a_pipe(model: MakeModel) -> None:
    pipe = (
        RunnableLambda(lambda topic: {"instruction": f"Sort the {topic} in ascending order."})
        | task_chain(model("No", INPUT_FIRST_REPLY))
        | RunnableLambda(lambda task: f"{task.instruction} {len(task.instances)}")
    )
    assert pipe.invoke("numbers") == "Sort the numbers in ascending order. 1"


def test_instructions_flow_from_one_chain_into_the_next() -> None:
    instructions = RunnableLambda(lambda read: [{"instruction": one.text} for one in read if isinstance(one, Candidate)])
    pipe = instruction_chain(chat(LIST_REPLY)) | instructions | task_chain(KnowingChat()).map()
    tasks = pipe.invoke({"demonstrations": SHOWN})
    assert [task.instruction for task in tasks] == [one.text for one in LISTED if isinstance(one, Candidate)]


def test_a_chain_has_fallbacks_and_bound_settings_like_any_other() -> None:
    broken = RunnableLambda(lambda given: 1 / 0)
    chain = task_chain(broken).with_fallbacks([task_chain(chat("No", INPUT_FIRST_REPLY))])
    assert chain.with_config(tags=["mine"]).invoke({"instruction": SORT}).instances == (SORTED,)


def test_parameters_are_bound_to_the_model_by_whoever_uses_the_chain() -> None:
    seen: list[Any] = []

    class Noting(FakeListChatModel):
        def _call(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> str:
            seen.append((stop, kwargs))
            return super()._call(messages, stop, run_manager, **kwargs)

    classification_chain(Noting(responses=["No"]).bind(stop=["\n"], temperature=0)).invoke({"instruction": SORT})
    assert seen == [(["\n"], {"temperature": 0})]


def test_instructions_of_a_model_are_data_and_never_a_template(model: MakeModel) -> None:
    instruction = "Compute {{ 7 * 7 }} and {% for x in y %} print {instruction} {0}"
    assert task_chain(model("No", INPUT_FIRST_REPLY)).invoke({"instruction": instruction}).instruction == instruction


@pytest.mark.parametrize(
    ("chain", "given", "words"),
    [
        ("classification", {}, r"expected an instruction as text, a SeedTask, or \{'instruction': text\}; got \{\}"),
        ("classification", {"instruction": 7}, "expected an instruction as text"),
        ("classification", " ", "expected an instruction as text"),
        ("task", None, "expected an instruction as text"),
        ("instance", SORT, "the instances chain was given no 'is_classification'"),
        ("instruction", {"demonstrations": []}, "the instructions chain takes"),
        ("instruction", "Sort", "the instructions chain takes"),
    ],
)
def test_a_wrong_input_is_one_clear_line(chain: str, given: Any, words: str, model: MakeModel) -> None:
    with pytest.raises(InputError, match=words):
        CHAINS[chain](model("No")).invoke(given)


@pytest.mark.parametrize("given", [SORT, {"instruction": SORT}, SEED, {"instruction": SEED}, Task(SORT, None)])
def test_an_instruction_may_be_text_or_a_record(given: Any, model: MakeModel) -> None:
    assert task_chain(model("No", INPUT_FIRST_REPLY)).invoke(given) == Task(SORT, False, (SORTED,), (SAME,))
    assert classification_chain(model("No")).invoke(given) == Classification(False)


def test_an_instance_chain_takes_a_seed_task(model: MakeModel) -> None:
    assert instance_chain(model(INPUT_FIRST_REPLY)).invoke(SEED) == [SORTED, SAME]
    assert instruction_chain(model(LIST_REPLY)).invoke({"demonstrations": [SEED] * 8}) == LISTED  # type: ignore[typeddict-item]


def test_what_was_refused_is_raised_on_request_so_that_fallbacks_see_it(model: MakeModel) -> None:
    for chain, given in ((classification_chain, SORT), (task_chain, SORT), (instance_chain, SEED)):
        failing = chain(model("who knows"), on_rejection="raise")
        with pytest.raises(RejectedError) as raised:
            failing.invoke(given)
        assert raised.value.rejections
    whole = classification_chain(model("who knows"), on_rejection="raise").with_fallbacks([classification_chain(model("Yes"))])
    assert whole.invoke(SORT) == Classification(True)


# settings are honoured or refused


def test_the_model_and_parameters_of_settings_are_used() -> None:
    settings = Settings(model="offline")
    assert isinstance(classification_chain(settings=settings).invoke(SORT), Classification)
    seen: list[Any] = []

    class Noting(FakeListChatModel):
        def _call(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> str:
            seen.append(kwargs)
            return super()._call(messages, stop, run_manager, **kwargs)

    classification_chain(Noting(responses=["No"]), Settings()).invoke(SORT)
    assert seen == [Settings().classification.parameters]


def test_templates_of_settings_are_used(tmp_path: Path, model: MakeModel) -> None:
    (tmp_path / "classification.jinja").write_text("{{ broken }}", encoding="utf-8")
    with pytest.raises(TemplateError, match="broken"):
        classification_chain(model("No"), Settings(templates=str(tmp_path))).invoke(SORT)


def test_what_settings_say_twice_is_refused(tmp_path: Path, model: MakeModel) -> None:
    with pytest.raises(SettingsError, match="a model is given too"):
        task_chain(model("No"), Settings(model="offline"))
    with pytest.raises(SettingsError, match="no model is given"):
        task_chain()
    with pytest.raises(SettingsError, match="prompts are given too"):
        task_chain(model("No"), Settings(templates=str(tmp_path)), prompt_set())


# drawings, schemas, callbacks


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("instruction", ["instructions prompt", "instructions model", "instructions reading"]),
        ("classification", ["classification prompt", "classification model", "classification reading"]),
        ("instance", ["instances prompt", "instances model", "instances reading"]),
        ("task", ["classification prompt", "classification reading", "instances prompt", "instances reading"]),
    ],
)
def test_every_chain_can_be_drawn(name: str, steps: list[str], model: MakeModel) -> None:
    drawing = CHAINS[name](model("x")).get_graph().draw_mermaid()
    assert "graph TD;" in drawing
    assert all(f"({step})" in drawing for step in steps)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("instruction", {"demonstrations"}),
        ("classification", {"instruction"}),
        ("instance", {"instruction", "is_classification"}),
        ("task", {"instruction"}),
    ],
)
def test_every_chain_tells_what_it_takes(name: str, fields: set[str], model: MakeModel) -> None:
    [schema] = CHAINS[name](model("x")).get_input_jsonschema()["$defs"].values()
    assert set(schema["properties"]) == set(schema["required"]) == fields


@pytest.mark.parametrize(
    ("name", "gives"),
    [
        ("instruction", ["Candidate", "Rejection"]),
        ("classification", ["Classification", "Rejection"]),
        ("instance", ["Instance", "Rejection"]),
        ("task", ["Instance", "Rejection"]),
    ],
)
def test_every_chain_tells_what_it_gives(name: str, gives: list[str], model: MakeModel) -> None:
    definitions = CHAINS[name](model("x")).get_output_jsonschema()["$defs"]
    assert set(gives) <= set(definitions)


class Names(BaseCallbackHandler):
    """Remembers what began: prompts, models, parsers."""

    def __init__(self) -> None:
        self.models = 0
        self.chains: list[str | None] = []

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        self.models += 1

    def on_llm_start(self, *args: Any, **kwargs: Any) -> None:
        self.models += 1

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        self.chains.append(kwargs.get("name"))


async def test_callbacks_see_every_model_call_and_the_names_of_the_steps(model: MakeModel) -> None:
    for is_async in (False, True):
        names = Names()
        chain = task_chain(model("Perhaps", "No", INPUT_FIRST_REPLY))
        given: Any = {"instruction": SORT}
        await chain.ainvoke(given, {"callbacks": [names]}) if is_async else chain.invoke(given, {"callbacks": [names]})
        assert names.models == 3
        assert names.chains == [
            *("task", "classification", "prompt", "reading", "prompt", "reading"),
            *("instances", "prompt", "reading"),
        ]


def test_usage_can_be_counted_by_langchains_own_callback() -> None:
    message = AIMessage(
        "No", usage_metadata={"input_tokens": 5, "output_tokens": 1, "total_tokens": 6}, response_metadata={"model_name": "m"}
    )
    with get_usage_metadata_callback() as counted:
        classification_chain(GenericFakeChatModel(messages=iter([message]))).invoke({"instruction": SORT})
    assert counted.usage_metadata["m"]["total_tokens"] == 6


def test_the_stage_parameters_of_a_profile_are_there_to_bind() -> None:
    parameters = Settings().classification.parameters
    assert classification_chain(chat("No").bind(**parameters)).invoke({"instruction": SORT}) == Classification(False)

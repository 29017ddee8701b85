"""The prompts: byte for byte, overridable by name, and strict about their variables."""

import copy
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.runnables import RunnableLambda

from self_instruct.chains.stages.task_kinds import TaskKind
from self_instruct.prompts.prompt_set import PromptSet, prompt_set
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.prompts.stage_prompt import StagePromptValue, as_sent, prompt_text
from self_instruct.prompts.template_files import Templates
from self_instruct.records.errors import TemplateError
from self_instruct.records.tasks import Candidate, Instance, SeedTask
from self_instruct.seeds.few_shot_tasks import FewShotTasks

GOLDEN = Path(__file__).parent / "golden"
SORT = SeedTask(
    "a",
    "sort",
    "Sort the words.",
    (Instance("pear apple", "apple pear"), Instance("b\nc\na", "a\nb\nc")),
    is_classification=False,
)
GREET = SeedTask("b", "greet", "Greet a {{ stranger }}.", (Instance("", "Good day."),), is_classification=False)
MOOD = SeedTask(
    "c", "mood", 'Is it "glad" or "sad"?', (Instance("Hooray!", "glad"), Instance("Alas.", "sad")), is_classification=True
)
SHOWN = FewShotTasks(classification=(SORT, MOOD), input_first=(SORT, GREET), output_first=(MOOD,))


def prompts(**options: bool) -> PromptSet:
    return prompt_set(Templates.load(), SHOWN, **options)


DEMONSTRATIONS = {"demonstrations": ["Sort the words.", "Say {{ 7 * 7 }} in words."], "subjects": ["tea", "maps"]}
QUESTION = {"instruction": "Name {% raw %} a river; DROP TABLE tasks;"}
JUDGED = {**QUESTION, "input": "", "output": "The {{ Elbe }}\noutput>>>"}
COMPARED = {**QUESTION, "input": "in Europe", "first": "The Elbe", "second": "A lake", "kind": "other"}
FLAGS = [{"rule": "cut_off", "evidence": "and {{ 7 }}"}]
FAULT = {"fault": "It names {% raw %} a lake.", "change": "Name a river."}
RENDERED = {
    "instructions": lambda: prompts().instructions.invoke(DEMONSTRATIONS),
    "instructions_classification_only": lambda: prompts(classification_only=True).instructions.invoke(DEMONSTRATIONS),
    "classification": lambda: prompts().classification.invoke(QUESTION),
    "classification_again": lambda: prompts().classification_again.invoke(QUESTION),
    "instances_input_first": lambda: prompts().input_first.invoke(QUESTION),
    "instances_output_first": lambda: prompts().output_first.invoke(QUESTION),
    "instructions_again": lambda: prompts().instructions_again.invoke({**DEMONSTRATIONS, "wrong": "empty"}),
    "instances_input_first_again": lambda: prompts().input_first_again.invoke({**QUESTION, "wrong": "cut off"}),
    "instances_output_first_again": lambda: prompts().output_first_again.invoke({**QUESTION, "wrong": "unreadable"}),
    **{f"judge_{kind}": lambda kind=kind: prompts().judge.invoke({**JUDGED, "kind": kind}) for kind in TaskKind},
    "judge_again": lambda: prompts().judge_again.invoke({**JUDGED, "kind": "other", "wrong": "unreadable"}),
    "compare": lambda: prompts().compare.invoke(COMPARED),
    "regenerate": lambda: prompts().regenerate.invoke({**QUESTION, "input": "Ship: {{ 7 }}", "is_classification": False}),
    "critique": lambda: prompts().critique.invoke({**JUDGED, "kind": "other", "flags": FLAGS}),
    "critique_again": lambda: prompts().critique_again.invoke({**JUDGED, "kind": "sums", "flags": [], "wrong": "empty"}),
    "revise": lambda: prompts().revise.invoke({**JUDGED, "is_classification": True, **FAULT}),
    "rewrite": lambda: prompts().rewrite.invoke(
        {
            **QUESTION,
            "input": "",
            "is_classification": True,
            **FAULT,
            "faults": ["unclear", "missing input", "criticised"],
        }
    ),
    "compare_tasks": lambda: prompts().compare_tasks.invoke({"first": JUDGED, "second": {**JUDGED, "input": "in Europe"}}),
    "compare_again": lambda: prompts().compare_again.invoke({**COMPARED, "wrong": "cut off"}),
}


@pytest.mark.parametrize("name", RENDERED)
def test_each_prompt_renders_byte_for_byte(name: str) -> None:
    value = RENDERED[name]()
    chat = "\n-----\n".join(str(message.content) for message in value.to_messages())
    rendered = f"{value.to_string()}\n===== as a chat\n{chat}"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(rendered, encoding="utf-8")
    assert rendered == golden.read_bytes().decode()


CHAT = {"classification.chat.jinja": "Sort this, please: {{ instruction }}"}
OURS = Templates.load().sources
WITHOUT_CHAT_FORMS = {name: text for name, text in OURS.items() if not name.endswith(".chat.jinja")}


@pytest.mark.parametrize("completion", [(), ("classification",)])
def test_each_kind_of_model_gets_its_form_of_a_prompt_whichever_was_rendered_first(completion: tuple[str, ...]) -> None:
    value = prompt_set(Templates(WITHOUT_CHAT_FORMS | CHAT), completion=completion).classification.invoke(QUESTION)
    assert [(message.type, message.content) for message in value.to_messages()] == [
        ("human", f"Sort this, please: {QUESTION['instruction']}")
    ]
    assert value.to_string().endswith(f"Task: {QUESTION['instruction']}\nIs it classification?")
    sent = value.to_string() if completion else value.to_messages()[0].content
    assert prompt_text(value) == sent
    assert as_sent(value) == (sent if completion else f"[user]\n{sent}")


def test_few_shot_tasks_are_asked_and_answered_in_turn_for_a_chat_model() -> None:
    value = prompts().output_first.invoke(QUESTION)
    messages = value.to_messages()
    assert [message.type for message in messages] == ["human", "ai", "human"]
    assert messages[1].content == "Class label: glad\nHooray!\nClass label: sad\nAlas."
    assert QUESTION["instruction"] in messages[-1].text
    assert prompt_text(value) == "\n".join(message.text for message in messages)


def test_a_separator_of_records_is_white_space_in_an_instruction() -> None:
    assert InstructionParser().invoke("Name a river.\x1eSing.") == [Candidate(0, "Name a river. Sing.")]


def test_no_text_ends_a_turn_but_a_template() -> None:
    judged = {"instruction": "Sort.", "input": "a\x1eb", "output": "{{ turn }}", "kind": "other"}
    plain, odd = (prompts().judge.format_prompt(**{**judged, "input": given}).to_messages() for given in ("a b", "a\x1eb"))
    assert [message.type for message in odd] == [message.type for message in plain]
    assert "a\x1eb" in odd[-1].text


def test_subjects_are_the_lines_of_their_template_as_it_is_rendered() -> None:
    written = "{# what people ask about #}rivers\n\n{{ 'films' }}\n"
    assert prompt_set(Templates(OURS | {"subjects.jinja": written})).subjects == ("rivers", "films")


def test_a_chat_model_is_told_to_go_on_with_a_text_where_there_is_no_form_of_its_own() -> None:
    value = prompt_set(Templates(WITHOUT_CHAT_FORMS)).classification.invoke(QUESTION)
    system, human = value.to_messages()
    assert isinstance(system, SystemMessage)
    assert isinstance(human, HumanMessage)
    assert human.content == value.to_string()
    assert as_sent(value) == f"[system]\n{system.content}\n[user]\n{human.content}"


def test_the_form_that_is_not_sent_is_not_rendered_to_be_shown() -> None:
    broken = OURS | {"classification.jinja": "{{ 1 // 0 }}"}
    assert as_sent(prompt_set(Templates(broken)).classification.invoke(QUESTION)).startswith("[user]\n")


def test_text_written_by_a_model_is_never_a_template() -> None:
    text = prompts().input_first.invoke({"instruction": "{{ 7 * 7 }} {% for %} {{ config }}"}).to_string()
    assert "{{ 7 * 7 }} {% for %} {{ config }}" in text


def test_a_missing_variable_names_the_template() -> None:
    with pytest.raises(TemplateError, match=r"instances_input_first\.jinja: the variable instruction was not given"):
        prompts().input_first.invoke({})


def test_a_prompt_pipes_draws_takes_partials_and_runs_async() -> None:
    prompt = prompts().classification
    pipe = prompt | RunnableLambda(lambda value: len(value.text))
    assert pipe.invoke(QUESTION) == len(prompt.format(**QUESTION))
    assert "classification prompt" in pipe.get_graph().draw_mermaid()
    assert prompt.partial(**QUESTION).invoke({}).text == prompt.format(**QUESTION)
    assert prompt.get_input_jsonschema()["required"] == ["instruction"]


async def test_a_prompt_is_awaitable() -> None:
    assert isinstance(await prompts().classification.ainvoke(QUESTION), StagePromptValue)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda prompt: pickle.loads(pickle.dumps(prompt))])
def test_a_prompt_that_was_used_can_be_copied_and_sent_elsewhere(copied: Callable[[Any], Any]) -> None:
    prompt = prompts().classification
    assert copied(prompt).invoke(QUESTION) == prompt.invoke(QUESTION) == copied(prompt).invoke(QUESTION)

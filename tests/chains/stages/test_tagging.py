"""Tags: by instances and words where they tell, else by a strictly read answer; what cannot be read is no tag."""

import pytest

from self_instruct.chains.stages.tagging import By, Tag, TaggingStage, entries_of, tags_by_rule
from self_instruct.ledger import RequestId, TaskId
from self_instruct.prompts import prompt_set
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Instance, Task
from self_instruct.retrievers.taxonomy import shipped_taxonomy
from self_instruct.settings.settings import Settings

TASK = TaskId(3, 7)
UNTOLD = "Once more, please, and louder."


@pytest.fixture(scope="module")
def stage() -> TaggingStage:
    return TaggingStage(Settings(), prompt_set())


def test_it_asks_about_the_axes_that_nothing_tells_one_by_one(stage: TaggingStage) -> None:
    told, half = Task("Write a short story about the sea.", None), Task("Say something about bread.", None)
    assert stage.first(TASK, told) is None
    assert stage.questions(TASK, half) == [RequestId("tagging", 3, 7, instance=at) for at in (1, 3)]
    answered = Task(half.instruction, None, (Instance("", "Bread is made of flour."),))
    assert stage.questions(TASK, answered) == [RequestId("tagging", 3, 7, instance=1)], "its output tells the length"
    first = stage.first(TASK, Task(UNTOLD, None))
    assert first == RequestId("tagging", 3, 7, instance=0)
    following = stage.decide(first, Task(UNTOLD, None), Reply("food", "stop")).again
    assert following == RequestId("tagging", 3, 7, instance=1)
    third = stage.decide(following, Task(UNTOLD, None), Reply("write", "stop")).again
    assert third == RequestId("tagging", 3, 7, instance=3), "that it has no input, its words tell"
    last = stage.decide(third, Task(UNTOLD, None), Reply("a few words", "stop")).again
    assert last == RequestId("tagging", 3, 7, instance=4)
    assert stage.decide(last, Task(UNTOLD, None), Reply("easy", "stop")).again is None


def test_the_question_names_the_entries_of_its_axis_and_none(stage: TaggingStage) -> None:
    asked = stage.question(RequestId("tagging", 3, 7, instance=1), Task(UNTOLD, None))
    told = asked.prompt.to_string()
    assert UNTOLD in told
    assert "- work out: problems with a result that can be worked out or looked up" in told
    assert "answer with the name of the kind that fits it best" in told
    assert "- none: none of these" in told


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        (Reply("**Food**.", "stop"), Tag("food", By.MODEL)),
        (Reply("Topic: food\n\nIt is about soup.", "stop"), Tag("food", By.MODEL)),
        (Reply("none", "stop"), Tag(None, By.NO_ENTRY)),
        (Reply("food or health", "stop"), Tag(None, By.UNREAD)),
        (Reply("cuisine", "stop"), Tag(None, By.UNREAD)),
        (Reply("food", "length"), Tag(None, By.UNREAD)),
        (Refusal("I can't."), Tag(None, By.UNREAD)),
        (None, Tag(None, By.NOT_ASKED)),
    ],
)
def test_an_answer_is_an_entry_or_nothing(stage: TaggingStage, said: Reply | Refusal | None, tag: Tag) -> None:
    about = Task(UNTOLD, None)
    tags = stage.tags(TASK, about, lambda request: said if request.instance == 0 else Reply("write", "stop"))
    assert tags[:3] == (tag, Tag("write", By.MODEL), Tag("without an input", By.WORDS))
    assert shipped_taxonomy().cell(entries_of(tags)) == (("food", "write") if tag.entry else None)


def test_words_go_before_what_a_model_says(stage: TaggingStage) -> None:
    tags = stage.tags(TASK, Task("Say something about bread.", None), lambda _: Reply("list", "stop"))
    assert tags[:2] == (Tag("food", By.WORDS), Tag("list", By.MODEL))


@pytest.mark.parametrize(
    ("instances", "told", "by"),
    [
        ((), ("with an input", "a few words"), By.WORDS),
        ((Instance("", "Spam"),), ("without an input", "a few words"), By.INSTANCES),
        ((Instance("", "x"), Instance("in", "x " * 13)), ("with an input", "a few words"), By.INSTANCES),
        ((Instance("", "x " * 13), Instance("", "x " * 46)), ("without an input", "a few sentences"), By.INSTANCES),
        ((Instance("", "x " * 46, image="a.png"),), ("with an input", "many sentences"), By.INSTANCES),
    ],
)
def test_instances_tell_the_input_and_the_length_before_words_do(
    instances: tuple[Instance, ...], told: tuple[str, str], by: By
) -> None:
    tags = tags_by_rule(shipped_taxonomy(), "Classify the following e-mail about bread: spam or not?", instances)
    assert tags[2:4] == (Tag(told[0], by), Tag(told[1], by))


def test_without_a_model_of_its_own_it_asks_the_one_that_classifies() -> None:
    given = {"model": "a:b", "classification": {"model": "c:d", "base_url": "http://h/v1"}}
    assert Settings(**given).choice("tagging").base_url == "http://h/v1"
    assert Settings(**given, tagging={"model": "e:f"}).model_of("tagging") == "e:f"
    assert Settings(model="a:b").model_of("tagging") == "a:b"
    tagged = Settings(**given, tagging={"enabled": True}, batch={"enabled": True})
    assert tagged.stage_names == ("instructions", "tagging", "classification", "instances")
    assert tagged.batched_stages == {"classification", "instances"}

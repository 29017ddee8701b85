"""Tags: by words where they tell, else by a strictly read answer; what cannot be read is no tag."""

import pytest

from self_instruct.chains.stages.tagging import By, Tag, TaggingStage, cell_of
from self_instruct.ledger import RequestId, TaskId
from self_instruct.prompts import prompt_set
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Task
from self_instruct.settings.settings import Settings

TASK = TaskId(3, 7)
UNTOLD = "Once more, please, and louder."


@pytest.fixture(scope="module")
def stage() -> TaggingStage:
    return TaggingStage(Settings(), prompt_set())


def test_it_asks_about_the_axes_that_words_do_not_tell_one_by_one(stage: TaggingStage) -> None:
    told, half = Task("Write a poem about the sea.", None), Task("Say something about bread.", None)
    assert stage.first(TASK, told) is None
    assert stage.questions(TASK, half.instruction) == [RequestId("tagging", 3, 7, instance=1)]
    first = stage.first(TASK, Task(UNTOLD, None))
    assert first == RequestId("tagging", 3, 7, instance=0)
    following = stage.decide(first, Task(UNTOLD, None), Reply("food", "stop")).again
    assert following == RequestId("tagging", 3, 7, instance=1)
    assert stage.decide(following, Task(UNTOLD, None), Reply("write", "stop")).again is None


def test_the_question_names_the_entries_of_its_axis_and_none(stage: TaggingStage) -> None:
    asked = stage.question(RequestId("tagging", 3, 7, instance=1), Task(UNTOLD, None))
    told = asked.prompt.to_string()
    assert UNTOLD in told
    assert "- work out: tasks each with a result that can be worked out or looked up" in told
    assert "answer with the name of the kind that fits it best" in told
    assert "- none: tasks of none of these" in told


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
    tags = stage.tags(TASK, UNTOLD, lambda request: said if request.instance == 0 else Reply("write", "stop"))
    assert tags == (tag, Tag("write", By.MODEL))
    assert cell_of(tags) == (("food", "write") if tag.entry else None)


def test_words_go_before_what_a_model_says(stage: TaggingStage) -> None:
    tags = stage.tags(TASK, "Say something about bread.", lambda _: Reply("list", "stop"))
    assert tags == (Tag("food", By.WORDS), Tag("list", By.MODEL))


def test_without_a_model_of_its_own_it_asks_the_one_that_classifies() -> None:
    given = {"model": "a:b", "classification": {"model": "c:d", "base_url": "http://h/v1"}}
    assert Settings(**given).choice("tagging").base_url == "http://h/v1"
    assert Settings(**given, tagging={"model": "e:f"}).model_of("tagging") == "e:f"
    assert Settings(model="a:b").model_of("tagging") == "a:b"
    tagged = Settings(**given, tagging={"enabled": True}, batch={"enabled": True})
    assert tagged.stage_names == ("instructions", "tagging", "classification", "instances")
    assert tagged.batched_stages == {"classification", "instances"}

"""The words of prompts as a set: in another language, replaced whole or in part, copied to start from."""

from pathlib import Path

import pytest

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.prompts import ClassificationParser, InstanceParser, prompt_set
from self_instruct.prompts.wording import FEW_SHOT_FILE, Wording, seeds_in
from self_instruct.records.errors import InputError, SeedFileError, TemplateError
from self_instruct.records.tasks import Classification, Instance
from self_instruct.retrievers.rouge import rouge_l
from self_instruct.seeds.few_shot_tasks import few_shot_tasks_from_yaml, few_shot_tasks_to_yaml, shipped_few_shot_tasks
from self_instruct.settings.layers import Layer

GERMAN = Wording.load("de")
MINIMAL = """\
tasks:
  - {id: a, is_classification: false, instruction: Nomme une ville., instances: [{input: "", output: Lyon}]}
  - {id: b, is_classification: true, instruction: "Est-ce un spam ?", instances: [{input: x, output: oui}]}
classification: [a, b]
input_first: [a]
output_first: [b]
"""


# the German set


def test_every_template_is_translated() -> None:
    english = Wording.load().templates.sources
    assert GERMAN.templates.sources.keys() == english.keys()
    same = {name for name, text in GERMAN.templates.sources.items() if text == english[name]}
    in_english = {name for name in english if name.startswith(("judge", "compare", "critique", "elimination", "tagging"))}
    including = {f"{name}.chat.jinja" for name in ("revise", "rewrite", "evolve", "back_translate")}  # only another
    assert same == in_english | including


def test_no_prompt_in_german_holds_the_english_words_for_its_parts() -> None:
    prompts = prompt_set(GERMAN.templates, GERMAN.shown)
    prompts.try_all()
    given = {"instruction": "Nenn einen Fluss.", "wrong": "cut off"}
    listed = prompts.instructions_again.format_prompt(demonstrations=["Nenn einen Fluss."], subjects=["Tee"], wrong="empty")
    asked = [prompts.classification_again, prompts.input_first_again, prompts.output_first_again]
    said = [listed, *(prompt.format_prompt(**given) for prompt in asked)]
    for value in said:
        text = f"{value.to_messages()[0].content}\n{value.to_string()}"
        assert not [word for word in ("Task", "Input", "Output", "Class", "Example", "Yes", "The last") if word in text]


def test_what_the_german_prompts_ask_for_is_read() -> None:
    assert ClassificationParser().invoke(" Ja") == Classification(is_classification=True)
    assert ClassificationParser().invoke("Nein, denn es gibt keine festen Klassen.") == Classification(is_classification=False)
    assert InstanceParser().invoke("Beispiel 1\nEingabe: 2 + 2\nAusgabe: 4\nBeispiel 2\nEingabe: 3 + 3\nAusgabe: 6") == [
        Instance("2 + 2", "4"),
        Instance("3 + 3", "6"),
    ]
    assert InstanceParser(is_classification=True).invoke("Klasse: ja\nSie haben gewonnen!\nKlasse: nein\nBis morgen!") == [
        Instance("Sie haben gewonnen!", "ja"),
        Instance("Bis morgen!", "nein"),
    ]


def test_a_reply_that_goes_on_with_another_task_ends_there() -> None:
    text = "Beispiel 1\nEingabe: 2 + 2\nAusgabe: 4\n\nAufgabe: Nenn einen Fluss.\nAusgabe: Der Rhein"
    assert InstanceParser().invoke(text) == [Instance("2 + 2", "4")]


@pytest.mark.parametrize("prompt", ["classification", "input_first", "output_first"])
def test_a_german_prompt_fits_two_thousand_tokens(prompt: str) -> None:
    asked = getattr(prompt_set(GERMAN.templates, GERMAN.shown), prompt)
    text = asked.format_prompt(instruction="Nenn einen Fluss.").to_string()
    assert len(text) / 2.5 < 2048  # characters a token, of German in the vocabularies of small models


def test_german_seeds_are_enough_for_a_run_and_differ_from_each_other() -> None:
    said = [seed.instruction for seed in seeds_in("de")]
    assert len(said) >= 20
    assert max(rouge_l(left, right) for left in said for right in said if left < right) < 0.6


def test_a_run_in_german_takes_all_of_it_and_says_where_from() -> None:
    plan = RunPlan.new(Layer.said({"language": "de"}, "test"))
    plan.try_prompts()
    assert plan.templates.sources == GERMAN.templates.sources
    assert plan.shown == GERMAN.shown
    assert plan.seeds == seeds_in("de")
    assert "Bild" in plan.settings.instructions.banned_words
    assert plan.origins["instructions.banned_words"] == "language de"


# a user's own set


def test_a_copy_is_the_set_again_and_may_be_changed_whole(tmp_path: Path) -> None:
    for language in ("en", "de"):
        folder = tmp_path / language
        Wording.load(language).copy(folder)
        copied = Wording.load(directory=folder)
        assert copied.templates.sources == Wording.load(language).templates.sources
        assert few_shot_tasks_to_yaml(copied.shown) == few_shot_tasks_to_yaml(Wording.load(language).shown)

    assert "Größe" in (tmp_path / "de" / FEW_SHOT_FILE).read_text(encoding="utf-8")


def test_our_own_tasks_survive_a_file_of_the_users_form() -> None:
    ours = shipped_few_shot_tasks()
    read = few_shot_tasks_from_yaml(few_shot_tasks_to_yaml(ours), FEW_SHOT_FILE)
    said = {name: [task.instruction for task in getattr(ours, name)] for name in ours.__slots__}
    assert {name: [task.instruction for task in getattr(read, name)] for name in read.__slots__} == said
    assert [task.instances for task in read.input_first] == [task.instances for task in ours.input_first]


def test_few_shot_tasks_alone_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / FEW_SHOT_FILE).write_text(MINIMAL, encoding="utf-8")
    plan = RunPlan.new(Layer.said({"templates": str(tmp_path)}, "test"))
    assert [task.id for task in plan.shown.classification] == ["a", "b"]
    assert "Nomme une ville." in plan.prompts().classification.format_prompt(instruction="x").to_string()


def test_a_directory_that_is_not_empty_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(InputError, match="is not empty"):
        GERMAN.copy(tmp_path)


def test_a_misspelt_few_shot_file_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "demonstration.yaml").write_text(MINIMAL, encoding="utf-8")
    with pytest.raises(TemplateError, match=r"demonstration\.yaml: no prompt uses it; is it demonstrations\.yaml\?"):
        Wording.load(directory=tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("tasks:", "task:", "must hold the four lists tasks, classification, input_first, output_first"),
        ("tasks:", "tasks: [", ":2: is no YAML"),
        ("instruction: Nomme une ville., ", "", ":2: field 'instruction' is missing"),
        ("id: b", "id: a", ":3: the id 'a' is used twice"),
        ("input_first: [a]", "input_first: [c]", ":5: input_first names 'c', which is the id of none of the tasks"),
        ("input_first: [a]", "input_first: [b]", ":5: input_first names 'b', which is a classification task"),
        ("output_first: [b]", "output_first: [a]", ":6: output_first names 'a', which is no classification task"),
        ("output_first: [b]", "output_first: []", "output_first is empty"),
        ("output_first: [b]", "output_first: b", "must hold the four lists"),
    ],
)
def test_what_is_wrong_with_few_shot_tasks_is_one_line_with_its_place(old: str, new: str, words: str) -> None:
    with pytest.raises(SeedFileError) as error:
        few_shot_tasks_from_yaml(MINIMAL.replace(old, new), "my/demonstrations.yaml")
    assert str(error.value).startswith("my/demonstrations.yaml:")
    assert words in str(error.value)
    assert "\n" not in str(error.value)

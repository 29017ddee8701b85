"""Templates from a folder: used by name, read strictly, and whatever is wrong with one is one line that names the file."""

from pathlib import Path

import pytest

from self_instruct.prompts.prompt_set import prompt_set
from self_instruct.prompts.template_files import Templates
from self_instruct.records.errors import TemplateError

QUESTION = {"instruction": "Name a river."}


def written(folder: Path, **templates: str) -> Path:
    for name, text in templates.items():
        (folder / f"{name}.jinja").write_text(text, encoding="utf-8")
    return folder


def test_a_directory_overrides_templates_by_name(tmp_path: Path) -> None:
    written(tmp_path, classification="{% include 'part.jinja' %} {{ instruction }}?", part="Labels:")
    changed = prompt_set(Templates.load(tmp_path))
    assert changed.classification.invoke({"instruction": "X"}).to_string() == "Labels: X?"
    assert changed.input_first.invoke(QUESTION) == prompt_set().input_first.invoke(QUESTION)


def test_a_template_without_a_form_for_chat_models_is_for_them_too(tmp_path: Path) -> None:
    written(tmp_path, instructions="Go on: {{ demonstrations }}")
    mine = Templates.load(tmp_path).sources
    assert {name for name in Templates.load().sources if name not in mine} == {
        "instructions.chat.jinja", "instructions_again.chat.jinja",
    }  # fmt: skip
    written(tmp_path, **{"instructions.chat": "Write more: {{ demonstrations }}"})
    assert Templates.load(tmp_path).sources["instructions.chat.jinja"].startswith("Write more")


def test_a_run_of_before_there_were_forms_for_chat_models_goes_on_without() -> None:
    stored = Templates.stored({"instructions.jinja": "1.", "system.jinja": "Go on."}, "runs/old").sources
    assert stored["instructions.jinja"] == "1."
    assert "complaint.jinja" in stored
    assert not any(name.endswith(".chat.jinja") for name in stored)


def test_a_prompt_asks_for_the_variables_of_the_templates_that_it_includes(tmp_path: Path) -> None:
    assert prompt_set().instructions_again.input_variables == ["demonstrations", "subjects", "wrong"]
    part = "{{ more }}{% include 'classification.jinja' %}{% include 'gone.jinja' %}"
    written(tmp_path, classification="{{ instruction }}{% include 'part.jinja' %}", part=part)
    assert Templates.load(tmp_path).variables("classification.jinja") == {"instruction", "more"}


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("line one\n{% if %}", "classification.jinja:2: "),
        ("{{ instruction | upper_case }}", "classification.jinja:1: No filter named 'upper_case'."),
        ("{{ wrong }}", "classification.jinja: the variable wrong was not given."),
        ("\n{{ instruction.nothing.more }}", "classification.jinja:2: 'str object' has no attribute 'nothing'."),
        ("{{ instruction.__class__.__mro__ }}", "classification.jinja:1: access to attribute '__class__'"),
        ("{% include 'gone.jinja' %}", "the template 'gone.jinja' does not exist."),
        ("{% if 'r' in instruction %}\n{{ 1 // 0 }}{% endif %}", "by zero."),
        ("{{ instruction.format(*[]) }}{{ '{x}'.format() }}", "classification.jinja:1: 'x'."),
        ("{{ instruction.encode('utf-99') }}", "classification.jinja:1: unknown encoding: utf-99."),
        ("{% for a in [1] %}" * 30 + "{% endfor %}" * 30, "classification.jinja: too many statically nested blocks."),
    ],
)
def test_whatever_a_template_raises_is_one_line_that_names_its_file(tmp_path: Path, template: str, named: str) -> None:
    with pytest.raises(TemplateError) as error:
        prompt_set(Templates.load(written(tmp_path, classification=template))).classification.invoke(QUESTION)
    assert str(error.value).startswith(f"{tmp_path}/")
    assert named in str(error.value)
    assert "\n" not in str(error.value)


def test_an_error_in_an_included_template_names_that_one(tmp_path: Path) -> None:
    written(tmp_path, classification="{{ instruction }}{% include 'part.jinja' %}", part="\n\n{{ 1 / 0 }}")
    with pytest.raises(TemplateError, match=r"part\.jinja:3: division by zero\.$"):
        Templates.load(tmp_path).render("classification.jinja", QUESTION)


def test_a_template_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"holds no \*.jinja template"):
        Templates.load(tmp_path)
    with pytest.raises(TemplateError, match="gone"):
        Templates.load(tmp_path / "gone")
    (tmp_path / "system.jinja").write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="cannot be read"):
        Templates.load(tmp_path)
    (tmp_path / "system.jinja").write_bytes(b"a" * 4_000_001)
    with pytest.raises(TemplateError, match=r"system\.jinja: is larger than 4,000,000 bytes"):
        Templates.load(tmp_path)


@pytest.mark.parametrize("name", ["clasification.jinja", "classification.jinja2", "Classification.j2"])
def test_a_misspelt_template_is_an_error_that_names_the_nearest(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{{ instruction }}", encoding="utf-8")
    with pytest.raises(TemplateError, match=rf"{name}: no prompt uses it, .*; is it classification\.jinja\?"):
        Templates.load(tmp_path)


def test_a_template_is_used_by_an_include_a_computed_one_or_a_stage_of_the_users_own(tmp_path: Path) -> None:
    written(tmp_path, difficulty="{{ instruction }}")
    assert "difficulty.jinja" in Templates.load(tmp_path, also=["difficulty.jinja"]).sources
    written(tmp_path, system="{% include 'difficulty' ~ '.jinja' %}")
    assert Templates.load(tmp_path).render("system.jinja", QUESTION) == "Name a river."


def test_all_prompts_are_tried_before_a_run_with_each_reason_to_ask_again(tmp_path: Path) -> None:
    prompt_set().try_all()
    written(tmp_path, complaint="{% if wrong == 'cut off' %}{{ wrong.nothing }}{% endif %}")
    prompts = prompt_set(Templates.load(tmp_path))
    with pytest.raises(TemplateError, match=r"complaint\.jinja:1: .* has no attribute 'nothing'\."):
        prompts.try_all()
    written(tmp_path, complaint="", system="{{ instrction }}")
    with pytest.raises(TemplateError, match=r"system\.jinja:1: 'instrction' is undefined\."):
        prompt_set(Templates.load(tmp_path)).try_all()

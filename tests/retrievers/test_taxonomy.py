"""The grid of kinds of tasks: told by words, replaceable by a file, whose faults are one line."""

from pathlib import Path

import pytest

from self_instruct.retrievers.lexicon import Lexicon
from self_instruct.retrievers.taxonomy import Taxonomy, TaxonomyError, load_taxonomy, shipped_taxonomy

SMALL = """
kind:
  ask: {wanted: questions, words: [what, why], share: 3}
  do: {wanted: tasks, words: ["writ*", list]}
"""


def _cell(taxonomy: Taxonomy, instruction: str) -> tuple[str, ...] | None:
    return taxonomy.cell(taxonomy.entries_of(instruction))


@pytest.mark.parametrize(
    ("instruction", "cell"),
    [
        ("Translate this sentence into Spanish.", ("language", "rework")),
        ("Write a poem about the sea.", ("nature", "write")),
        ("Calculate how much a 20% discount saves on a bill of 80 euros.", ("money", "work out")),
        ("Hm.", None),
    ],
)
def test_an_instruction_is_told_by_its_words(instruction: str, cell: tuple[str, ...] | None) -> None:
    assert _cell(shipped_taxonomy(), instruction) == cell


def test_a_file_replaces_ours_and_comes_back_from_what_is_stored(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(SMALL)
    mine = load_taxonomy(tmp_path / "mine.yaml")
    assert mine.cells == (("ask",), ("do",))
    assert mine.shares == {("ask",): 0.75, ("do",): 0.25}
    assert [_cell(mine, text) for text in ("What is it?", "Written words", "rewrite it")] == [("ask",), ("do",), None]
    assert (mine.wanted(("do",)), mine.subjects(("do",))) == ("tasks", ())
    for each in (mine, shipped_taxonomy()):
        assert Taxonomy.from_fields(each.to_fields()) == each


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a", "expected axes"),
        ("a: [b]", "a: expected entries"),
        (
            "a: {b: {words: [x], wanted: y, more: z}}",
            "a.b: expected has_input, not_with, output_words, share, subjects, wanted, words, and no other field",
        ),
        ("a: {b: {words: x, wanted: y}}", "a.b.words: expected a list of texts"),
        ("a: {b: {words: [x]}}", "a.b.wanted: expected a text"),
        ("a: {b: {wanted: y}, c: {wanted: z}}", "a.c: has no 'words'; one entry of an axis may be without, b is"),
        ("a: {b: {wanted: y, has_input: 1}}", "a.b.has_input: expected true or false"),
        ("a: {b: {wanted: y, output_words: [3]}}", "a.b.output_words: expected [from, to] in words, or [from, null]"),
        ("a: {b: {wanted: y, output_words: [3, 2]}}", "a.b.output_words: expected [from, to]"),
        ("a: {b: {wanted: y, output_words: [true, 3]}}", "a.b.output_words: expected [from, to]"),
        (
            "{a: {b: {wanted: y}}, aspects: {c: {d: {wanted: y, subjects: [e]}}}}",
            "c.d.subjects: only an entry of the grid has that",
        ),
        ("a: {b: {wanted: y, not_with: [b]}}", "a.b.not_with: 'b': only an aspect has that"),
        ("aspects: {a: {b: {wanted: y}}}", "expected axes"),
        ("{a: {b: {wanted: y}}, aspects: 3}", "aspects: expected axes, each with entries"),
        ("{a: {b: {wanted: y}}, aspects: {c: 3}}", "aspects: c: expected entries"),
        (
            "{a: {b: {wanted: y}}, aspects: {c: {d: {wanted: y, not_with: [e]}}}}",
            "aspects: c.d.not_with: 'e': that is no entry of the grid",
        ),
        ("a: {b: {words: [x], wanted: y, share: -1}}", "a.b.share: expected a number above 0"),
        ("a: {b", "is not YAML"),
    ],
)
def test_a_fault_of_a_file_is_one_line_that_names_the_entry(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(TaxonomyError) as caught:
        load_taxonomy(tmp_path / "mine.yaml")
    assert words in str(caught.value)
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_has_too_many_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match="cannot be read"):
        load_taxonomy(tmp_path / "none.yaml")
    axis = {str(number): {"words": ["x"], "wanted": "y"} for number in range(101)}
    with pytest.raises(TaxonomyError, match="more than 10,000 cells"):
        Taxonomy.from_fields({"a": axis, "b": axis})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Three Soups", {"soup"}),
        ("Cooking and cooks", {"cook*"}),
        ("a step-by-step plan", {"step-by-step"}),
        ("Learn C++ or C.", {"c++"}),
        ("e-mails and E-mailing", {"e-mail*"}),
        ("soupy cookie-less stepping", {"cook*"}),
        ("one, two, odd one\nout.", {"odd one out"}),
    ],
)
def test_words_are_whole_in_any_case_with_a_plural_or_any_ending(text: str, found: set[str]) -> None:
    words = ["soup", "cook*", "step-by-step", "c++", "e-mail*", "odd one out"]
    assert Lexicon([words]).found(text) == {(0, word) for word in found}


def test_a_topic_is_told_by_the_instruction_and_less_by_an_instance() -> None:
    topics = shipped_taxonomy().topics
    assert topics.told_by("Go on.", "soup") == ("", frozenset())
    assert topics.told_by("Go on.", "soup and bread") == ("food", frozenset({"soup*", "bread"}))
    assert topics.told_by("Go to the doctor.", "Bread.")[0] == "health"

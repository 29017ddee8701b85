"""Candidates are kept or refused by the instruction rules, with the evidence."""

import json
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.chains.stages.candidate_rules import screen
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Reason, Rejection, StageName
from self_instruct.settings.profiles import PAPER
from self_instruct.settings.sections import InstructionSettings
from self_instruct.settings.settings import Settings

MODERN_RULES = InstructionSettings()
PAPER_RULES = Settings(**PAPER).instructions


def refusal(
    text: str, rules: InstructionSettings = MODERN_RULES, tokens: Literal["unicode", "ascii"] = "unicode"
) -> tuple[Reason, dict[str, str | int | float]] | None:
    record = screen(Candidate(7, text), rules, tokens)
    return (record.reason, dict(record.evidence)) if isinstance(record, Rejection) else None


def test_a_good_candidate_is_kept_as_it_is():
    candidate = Candidate(7, "Name three rivers in Asia.")
    assert screen(candidate, MODERN_RULES, "unicode") is candidate


def test_a_rejection_carries_the_stage_the_text_and_the_item():
    record = screen(Candidate(7, "Draw."), MODERN_RULES, "unicode")
    assert record == Rejection(StageName.INSTRUCTIONS, Reason.TOO_SHORT, "Draw.", 7, {"words": 1, "limit": 4})


@pytest.mark.parametrize("tokens", ["unicode", "ascii"])
def test_four_to_150_words_are_kept(tokens: Literal["unicode", "ascii"]):
    assert refusal("one " * 3, tokens=tokens) == (Reason.TOO_SHORT, {"words": 3, "limit": 4})
    assert refusal("one " * 4, tokens=tokens) is None
    assert refusal("one " * 150, tokens=tokens) is None
    assert refusal("one " * 151, tokens=tokens) == (Reason.TOO_LONG, {"words": 151, "limit": 150})


def test_words_are_those_of_the_tokenizer_in_use():
    assert refusal("写一首关于大海的诗") is None
    assert refusal("写一首关于大海的诗", tokens="ascii") == (Reason.TOO_SHORT, {"words": 1, "limit": 4})
    assert refusal("Sort - these -", tokens="ascii") is None
    assert refusal("Sort - these -") == (Reason.TOO_SHORT, {"words": 2, "limit": 4})


@pytest.mark.parametrize("word", PAPER_RULES.banned_words)
def test_each_banned_word_is_found_in_any_case_and_between_punctuation(word: str):
    assert refusal(f"Describe what the ({word.upper()}) means, please.") == (Reason.BANNED_WORD, {"word": word})


@pytest.mark.parametrize(
    "text", ["Describe a mapmaker's day.", "Explain profiles to a child.", "Graphical puzzles for a drawer."]
)
def test_banned_words_count_only_as_whole_words(text: str):
    assert refusal(text + " Do it.") is None


def test_banned_words_are_settings_in_any_script():
    rules = InstructionSettings(banned_words=("c++", "图片", "รูป", ""))
    assert refusal("Translate this C++, line by line.", rules) == (Reason.BANNED_WORD, {"word": "c++"})
    assert refusal("请描述这张图片里的内容", rules) == (Reason.BANNED_WORD, {"word": "图片"})
    assert refusal("Describe the picture in words.", rules) is None


@pytest.mark.parametrize("rules", [MODERN_RULES, PAPER_RULES])
@pytest.mark.parametrize("text", ["Write a program that adds.", "write a Program that adds.", "Write a programming guide now."])
def test_a_banned_start_is_found_in_any_case(rules: InstructionSettings, text: str):
    assert refusal(text, rules) == (Reason.BANNED_START, {"start": "Write a program"})


def test_the_paper_refuses_a_start_of_punctuation_or_another_script():
    for text in ('"Hello" means what to you?', "Écris un poème sur la mer.", "写 一 首 诗"):
        assert refusal(text, PAPER_RULES, "ascii") == (Reason.BANNED_START, {"start": text[0]})
        assert refusal(text) is None
    assert refusal("9 is the sum of which numbers?", PAPER_RULES, "ascii") is None


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from([MODERN_RULES, PAPER_RULES]))
def test_any_text_is_kept_or_refused(text: str, rules: InstructionSettings):
    for tokens in ("unicode", "ascii"):
        assert screen(Candidate(0, text), rules, tokens).text == text


def test_an_empty_text_obeys_rules_that_allow_it():
    assert refusal("", InstructionSettings(min_words=0, any_start=False)) is None


def test_the_recorded_run_gives_216_candidates(reference: Path):
    parser = InstructionParser(form=PAPER_RULES.form, casing=PAPER_RULES.casing)
    replies = [json.loads(line) for line in (reference / "davinci-run" / "instruction_replies.jsonl").open(encoding="utf-8")]
    read = [record for row in replies for record in parser.read(Reply(row["text"], row["finish_reason"]))]
    kept = [screen(record, PAPER_RULES, "ascii") for record in read if isinstance(record, Candidate)]
    assert sum(isinstance(record, Candidate) for record in kept) == 216  # counts.json: read_from_replies

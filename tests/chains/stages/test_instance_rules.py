"""Instances are kept or refused by the rules of their task; the class labels an instruction names are found."""

import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.chains.stages.instance_rules import draw_instances, named_labels, screen_instances
from self_instruct.prompts.reading.instance_parser import InstanceParser
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Instance, Reason, Rejection, StageName
from self_instruct.settings.profiles import PAPER
from self_instruct.settings.sections import InstanceSettings
from self_instruct.settings.settings import Settings

MODERN_RULES = InstanceSettings()
PAPER_RULES = Settings(**PAPER).instances
BOTH = pytest.mark.parametrize("rules", [MODERN_RULES, PAPER_RULES])


def judge(
    *pairs: tuple[str, str],
    rules: InstanceSettings = MODERN_RULES,
    instruction: str = "Do it.",
    is_classification: bool = False,
) -> list[Reason | None]:
    read = [Instance(*pair) for pair in pairs]
    judged = screen_instances(read, instruction=instruction, is_classification=is_classification, rules=rules)
    assert [each.output if isinstance(each, Instance) else each.text for each in judged] == [output for _, output in pairs]
    return [each.reason if isinstance(each, Rejection) else None for each in judged]


def label(*outputs: str, instruction: str = "Do it.", rules: InstanceSettings = MODERN_RULES) -> list[Reason | None]:
    pairs = [(f"text {at}", output) for at, output in enumerate(outputs)]
    return judge(*pairs, rules=rules, instruction=instruction, is_classification=True)


# Every task


@BOTH
def test_malformed_instances_are_refused(rules: InstanceSettings):
    malformed = judge(("a", "a"), ("b", ""), ("c:", "d"), ("e", "f:"), ("g", "h"), rules=rules)
    assert malformed == [
        Reason.INPUT_EQUALS_OUTPUT,
        Reason.EMPTY_OUTPUT,
        Reason.TRAILING_COLON,
        Reason.TRAILING_COLON,
        None,
    ]


def test_a_rejection_carries_the_output_and_its_input():
    [rejection] = screen_instances([Instance("b", "")], instruction="Do it.", is_classification=False, rules=MODERN_RULES)
    assert rejection == Rejection(StageName.INSTANCES, Reason.EMPTY_OUTPUT, "", evidence={"input": "b"})


def test_rejections_of_the_reading_keep_their_places():
    read = [
        Rejection(StageName.INSTANCES, Reason.UNREADABLE, "x"),
        Instance("a", "b"),
        Rejection(StageName.INSTANCES, Reason.CUT_OFF, "y"),
    ]
    assert screen_instances(read, instruction="Do it.", is_classification=False, rules=PAPER_RULES) == read


def test_an_input_with_two_outputs_loses_its_own_instances():
    assert judge(("a", "b"), ("a", "c"), ("d", "e")) == [Reason.CONFLICTING_OUTPUTS, Reason.CONFLICTING_OUTPUTS, None]


def test_an_input_with_two_outputs_costs_the_paper_the_whole_task():
    reasons = judge(("a", "b"), ("a", "c"), ("d", "e"), ("f", ""), rules=PAPER_RULES)
    assert reasons == [Reason.CONFLICTING_OUTPUTS] * 3 + [Reason.EMPTY_OUTPUT]


@BOTH
def test_an_empty_input_may_have_several_outputs(rules: InstanceSettings):
    assert judge(("", "b"), ("", "c"), rules=rules) == [None, None]


@BOTH
def test_of_exact_duplicates_the_first_is_kept(rules: InstanceSettings):
    assert judge(("a", "b"), ("", "c"), ("a", "b"), ("", "c"), rules=rules) == [None, None, Reason.DUPLICATE, Reason.DUPLICATE]


@BOTH
def test_a_malformed_instance_makes_no_conflict(rules: InstanceSettings):
    assert judge(("a", "b"), ("a", "c:"), rules=rules) == [None, Reason.TRAILING_COLON]


# Class labels


@pytest.mark.parametrize(
    "output",
    ["spam\nham", "It is spam, I think.", "spam because of the many words in it that sell something to you"],
)
def test_a_class_label_is_a_single_line_and_no_sentence(output: str):
    assert label(output) == [Reason.NOT_A_LABEL]
    assert label(output, rules=PAPER_RULES) == [None]
    assert judge(("a", output)) == [None]


@pytest.mark.parametrize("output", ["spam", "Not logically sound.", "Adjective, JJ.", "正面", "1e6", "is it spam"])
def test_a_short_answer_is_a_class_label(output: str):
    assert label(output) == [None]


def test_a_class_label_is_one_of_those_the_instruction_names():
    instruction = 'Label the mail as "spam" or "not spam".'
    assert label("Spam", '"not spam".', "ham", instruction=instruction) == [None, None, Reason.NOT_A_LABEL]
    assert label("ham", instruction="Label the mail.") == [None]


def test_a_refused_label_says_which_were_named():
    [rejection] = screen_instances(
        [Instance("a", "ham")], instruction="Label it as spam or other.", is_classification=True, rules=MODERN_RULES
    )
    assert isinstance(rejection, Rejection)
    assert rejection.evidence == {"input": "a", "because": "not one of: spam, other"}


def test_a_named_label_may_be_long():
    assert label("It is spam, I think.", instruction='Say "It is spam, I think." or "No."') == [None]


def test_labels_without_input_must_agree():
    reasons = judge(("", "red"), ("", "blue"), ("a", "red"), is_classification=True)
    assert reasons == [Reason.CONFLICTING_OUTPUTS, Reason.CONFLICTING_OUTPUTS, None]
    assert judge(("", "red"), ("", '"Red".'), is_classification=True) == [None, Reason.DUPLICATE]
    assert judge(("", "red"), ("", "blue"), is_classification=True, rules=PAPER_RULES) == [None, None]


def test_labels_that_differ_only_in_case_are_no_conflict():
    assert judge(("a", "red"), ("a", "Red"), is_classification=True) == [None, Reason.DUPLICATE]


# The labels an instruction names


@pytest.mark.parametrize(
    ("instruction", "labels"),
    [
        ('Output "ethical" or "not ethical".', ("ethical", "not ethical")),
        ("Answer with 'yes', or 'no'.", ("yes", "no")),
        ("Classify it as “fact,” “opinion,” or “forecast.”", ("fact", "opinion", "forecast")),
        ('Name the design: "trial", "case report" or "study".', ("trial", "case report", "study")),
        ('Sort the mail into "spam" and "other".', ("spam", "other")),
        ('Is the one quoted "technical", "situational" or "social"?', ("technical", "situational", "social")),
        ("What is its case: nominative/accusative/dative?", ("nominative", "accusative", "dative")),
        ("Label the mood: positive / negative / neutral", ("positive", "negative", "neutral")),
        ("Is the claim true? Reply Yes/No.", ("Yes", "No")),
        ("Label the ticket (bug/feature/question).", ("bug", "feature", "question")),
        ("Classify the review as positive, negative, or mixed.", ("positive", "negative", "mixed")),
        ("The text must be classified as offensive or not offensive.", ("offensive", "not offensive")),
        ("Triage it as P1, P2 or P3, where P1 is worst.", ("P1", "P2", "P3")),
        ("Mark each line as a question or a statement based on its end.", ("question", "statement")),
        ("Decide whether it is spam. Output true or false.", ("true", "false")),
        ('Is it true or false? Reply with "true" or "false", that is, true/false.', ("true", "false")),
    ],
)
def test_labels_are_found_where_a_set_is_plainly_named(instruction: str, labels: tuple[str, ...]):
    assert named_labels(instruction) == labels


@pytest.mark.parametrize(
    "instruction",
    [
        "",
        "Find the odd one out.",
        "Label the words and/or phrases.",
        "Is the date: 1/2/2020?",
        "Does the letter say his/her?",
        "Rate the dish as soon as possible or later.",
        "Label as many words or phrases as possible.",
        "Visit https://example.org/a/b and label: www.x.org/y",
        "Read from /usr/share/words or say so.",
        "Compute the mean/median/mode.",
        "Is the speed given in km/h or in mph?",
        'What is the difference between "affect" and "effect"?',
        'Does the text contain "their", "there" or "they"?',
        "Classify it into topics such as sports, politics or science.",
        'Label it as "a", "b", etc.',
        'Name the fault (e.g. "spelling", "grammar" or "style").',
        "Classify it as good or bad and explain why.",
        "Classify the topic as sports or politics and the tone as calm or angry.",
        "Classify the topic as sports or politics, and the tone as calm or angry.",
        "Decide whether it should be treated as spam or not.",
        "Translate it into French or German.",
        "Output 1 for yes, and 0 for no.",
        "Answer questions about cats or dogs.",
        "Label the column identifier/date/amount of money/free text.",
    ],
)
def test_no_labels_are_found_in_doubt(instruction: str):
    assert named_labels(instruction) == ()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_judged(instruction: str, output: str):
    assert len(label(output, instruction=instruction)) == 1


# The draw


def test_few_instances_are_all_taken():
    instances = [Instance(str(at), "x") for at in range(5)]
    assert draw_instances(instances, MODERN_RULES, False, Random(0)) == instances


@BOTH
@given(st.lists(st.sampled_from("abcdefgh"), max_size=20), st.booleans(), st.integers(0, 9))
def test_a_draw_keeps_the_order_and_the_limit(rules: InstanceSettings, labels: list[str], is_classification: bool, seed: int):
    instances = [Instance(f"{at:02}", output) for at, output in enumerate(labels)]
    drawn = draw_instances(instances, rules, is_classification, Random(seed))
    assert drawn == sorted(drawn, key=lambda instance: instance.input)
    assert drawn == draw_instances(instances, rules, is_classification, Random(seed))
    spreads = rules.spread_labels and is_classification
    limit = max(5, len(set(labels))) if spreads else 5
    assert len(drawn) == min(limit, len(instances))
    if spreads:
        assert {instance.output for instance in drawn} == set(labels)


def test_no_label_is_drawn_three_times_before_another_twice():
    instances = [Instance(str(at), output) for at, output in enumerate("aaaaaaabb")]
    for seed in range(20):
        drawn = draw_instances(instances, MODERN_RULES, True, Random(seed))
        assert Counter(instance.output for instance in drawn) == {"a": 3, "b": 2}


def test_every_instance_can_be_drawn():
    instances = [Instance(str(at), "x") for at in range(9)]
    drawn = {instance for seed in range(50) for instance in draw_instances(instances, PAPER_RULES, True, Random(seed))}
    assert drawn == set(instances)


# The recorded run


def test_the_paper_rules_keep_what_the_published_code_kept(reference: Path):
    folder = reference / "davinci-run"
    replies = [json.loads(line) for line in (folder / "instance_replies.jsonl").open(encoding="utf-8")]
    recorded = [json.loads(line) for line in (folder / "parsed_instances.jsonl").open(encoding="utf-8")]
    totals: Counter[str] = Counter()
    for reply, expected in zip(replies, recorded, strict=True):
        if reply["text"] is None:
            continue
        kind = expected["is_classification"]
        read = InstanceParser(form="published", is_classification=kind).read(Reply(reply["text"], reply["finish_reason"]))
        judged = screen_instances(read, instruction=reply["instruction"], is_classification=kind, rules=PAPER_RULES)
        final = [(each.input, each.output) for each in judged if isinstance(each, Instance)]
        valid = final + [
            (str(each.evidence["input"]), each.text)
            for each in judged
            if isinstance(each, Rejection) and each.reason in {Reason.CONFLICTING_OUTPUTS, Reason.DUPLICATE}
        ]
        assert sorted(final) == sorted(map(tuple, expected["final"]))
        assert sorted(valid) == sorted(map(tuple, expected["valid"]))
        totals.update(final=len(final), valid=len(valid))
    assert totals == {"final": 226, "valid": 263}  # counts.json

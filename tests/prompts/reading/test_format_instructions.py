"""What a parser tells a prompt of the form it reads: a reply in that form is read."""

from self_instruct.prompts import ClassificationParser, InstanceParser, InstructionParser
from self_instruct.records.tasks import Candidate, Classification, Instance


def test_a_reply_in_the_form_that_a_parser_asks_for_is_read() -> None:
    listed = InstructionParser()
    assert "a numbered list" in listed.get_format_instructions()
    assert listed.parse("1. Name a river.") == [Candidate(0, "Name a river.")]
    for words in (("label", "text"), ("yes", "no")):
        kind = ClassificationParser(words=words)
        assert f"{words[0]} if" in kind.get_format_instructions()
        assert [kind.parse(word) for word in words] == [Classification(True), Classification(False)]
    for parser, said in (
        (InstanceParser(), '"Input: " and the input, and below it "Output: "'),
        (InstanceParser(is_classification=True), '"Class label: " and the label, and below it the input'),
    ):
        assert said in parser.get_format_instructions()
    assert InstanceParser().parse("Input: 2 + 2\nOutput: 4") == [Instance("2 + 2", "4")]
    assert InstanceParser(is_classification=True).parse("Class label: spam\nYou won!") == [Instance("You won!", "spam")]

"""Each verifier on examples of its own: what it finds, what it leaves alone, and texts meant to hurt."""

import time

import pytest

from self_instruct.chains.verifiers.example import Example
from self_instruct.chains.verifiers.registry import VERIFIERS

FIND = {each.name: each.find for each in VERIFIERS}
LONG = 2**18

WRONG = [
    ("repeats_instruction", "Name a large river in Asia.", "", "name a large river in Asia"),
    ("repeats_instruction", "Explain how a kite stays up in the air.", "",
     "Explain how a kite stays up in the air. It is light."),
    ("repeats_input", "Sum up the note.", "Bring the ladder back by noon.", "  Bring the ladder\nback by noon. "),
    ("repeats_input", "Give the opposite of the word.", "Word: shallow", "shallow"),
    ("refusal", "Tell me about the weather on Mars.", "",
     "As a language model I have no thermometer, and as an AI I never will."),
    ("refusal", "Sort the names.", "Zoe, Al", "I’m sorry, but I can’t help with that."),
    ("refusal", "Shorten the paragraph.", "", "Please provide the text that you want shortened."),
    ("boilerplate", "Name three herbs.", "", "Sure! Basil, mint and thyme."),
    ("boilerplate", "Name three herbs.", "", "Basil, mint and thyme.\n\nI hope this helps!"),
    ("cut_off", "Why is bread left to rise?", "", "The yeast makes gas. The gas fills the dough with small bubbl"),
    ("cut_off", "Write a loop.", "", "```python\nfor step in range(10):\n    print(step)  # one line for each of them"),
    ("cut_off", "What should I pack?", "", "You will need boots, a map of the area, a torch and"),
    ("placeholder", "Write a note to the postman.", "", "Dear [Postman's Name], please leave parcels in the shed."),
    ("placeholder", "Say who wrote the play.", "", "It was written by <insert name>."),
    ("run_on", "Name the capital of Peru.", "", "Lima\n\nInstruction: Name the capital of Chile.\nOutput: Santiago"),
    ("run_on", "Is it a mammal?", "a bat", "yes<|im_end|>"),
    ("missing_input", "Translate the following sentence into Dutch.", "", "Het regent."),
    ("missing_input", "What does this line of a song mean?", "none", "That he is homesick."),
    ("needless_input", "Write a riddle about rain.", "N/A", "I fall and am never hurt."),
    ("needless_input", "Write a riddle about rain.", "Write a riddle about rain.", "I fall and am never hurt."),
    ("not_json", "Return the person as JSON.", "Ann, 40", '{"name": "Ann", "age": 40'),
    ("not_json", "Return the person as JSON.", "Ann, 40", "name: Ann, age: 40"),
    ("wrong_format", "Give the answer as a numbered list.", "", "Wash it. Peel it. Cook it."),
    ("wrong_format", "Turn the notes into a CSV.", "Ann is 40", "Ann is forty"),
    ("wrong_count", "Describe a lighthouse in one sentence.", "", "It stands on a rock. Its lamp turns all night."),
    ("wrong_count", "List four kinds of cheese.", "", "1. Brie\n2. Gouda\n3. Feta"),
    ("wrong_count", "Write a slogan of at most 6 words.", "", "The best and cheapest shoes that anybody ever wore in town"),
    ("wrong_case", "Rewrite the sign in capital letters.", "no swimming", "No Swimming"),
    ("wrong_case", "Convert the sign to lower case.", "RAVEN", "RAVEN"),
    ("broken_code", "Write a Python function that doubles a number.", "", "def double(number:\n    return 2 * number"),
    ("broken_code", "Give me a regular expression for a year.", "", "(\\d{4}"),
    ("broken_code", "Write an SQL query for all names.", "", "SELECT name FROM (SELECT name FROM staff;"),
    ("wrong_sum", "How much is left?", "80 and 35", "80 - 35 = 55"),
    ("wrong_sum", "What is 6 * 7?", "", "43"),
    ("not_a_label", "Label the fruit as ripe or unripe.", "a green banana", "yellow"),
    ("wrong_language", "Give me a tip for better sleep.", "",
     "Geh jeden Abend zur gleichen Zeit ins Bett und lies noch ein Buch."),
    ("wrong_language", "Translate the note into French.", "The key is under the mat.",
     "The key is under the mat, as it was last time."),
    ("personal_data", "Whom do I ask about bees?", "", "Write to karl.imker@web.de."),
    ("personal_data", "How do I pay?", "", "Use the card 4012 8888 8888 1881."),
    ("link", "Where can I learn to knit?", "", "At https://knitting-for-beginners.com/start, for example."),
    ("mentions_people", "Who was late?", "", "The nurse from Lagos."),
    ("image_talk", "How do I tie a bowline?", "", "Pass the end through the loop, as shown in the picture."),
    ("repeated_text", "Tell me about owls.", "", "Owls hunt at night." + " They see well." * 9),
    ("repeated_text", "Tell me about owls.", "", "Owls " + "and mice and owls " * 10),
]  # fmt: skip

RIGHT = [
    ("repeats_instruction", "Correct this: i has a dog.", "", "I have a dog."),
    ("repeats_input", "Continue the tale.", "Once a fox met a hen. " * 4, "Once a fox met a hen. " * 4 + "Neither was hungry."),
    ("repeats_input", "Write it with capitals.", "no swimming", "NO SWIMMING"),
    ("refusal", "Write a reply that turns down the offer.", "Buy my car!",
     "I'm sorry, but I cannot take it. Thank you for asking."),
    ("refusal", "Explain what an AI model is.", "", "As an AI, a program may learn from examples."),
    ("boilerplate", "Write an e-mail to a customer about a delay.", "",
     "Dear Ms Orr,\nit will be late. Let me know if you have any questions."),
    ("cut_off", "Write a haiku about frost.", "",
     "White on every blade\nthe field holds its breath and waits\none crow writes its name"),
    ("cut_off", "Write a letter to an aunt.", "",
     "Dear Aunt May,\n\nthank you for the scarf. It is warm.\n\nWith love,\nPia Lund"),
    ("cut_off", "List what is in the drawer.", "", "- a pair of old scissors\n- three corks\n- a ball of string\n- two keys"),
    ("cut_off", "What calms you down?", "",
     "1. Go slow. It helps.\n2. Breathe as deep as you can\n3. Hum a quiet tune\n11. Look at the sea"),
    ("cut_off", "Name some games.", "", "1. Who is it? 2. Ludo 3. Tag 4. Draughts 5. Hide and seek 6. Snap"),
    ("placeholder", "Write a template for an invoice.", "", "Dear [Name], you owe [Amount]."),
    ("placeholder", "Which tag does the word get?", "Paris", "[LOC]"),
    ("run_on", "Write a dialogue between a user and an assistant.", "", "User: Hi.\nAssistant: Hello!\nUser: Bye."),
    ("run_on", "What does the program print?", "print(1)", "It prints one line.\nOutput: 1"),
    ("missing_input", "Write a story about a baker, and let the story end well.", "", "Once there was a baker."),
    ("missing_input", "Correct this sentence: She go home.", "", "She goes home."),
    ("missing_input", "Put this line into Dutch and say how old a word is: “It has been raining for days", "", "Het regent."),
    ("missing_input", "How long is the Nile?", "", "About 6,650 km."),
    ("needless_input", "Is the drink sweet?", "no sugar", "no"),
    ("not_json", "Return the person as JSON.", "Ann, 40", 'Here it is:\n```json\n{"name": "Ann"}\n```'),
    ("not_json", "What is JSON used for?", "", "For sending data between programs."),
    ("wrong_format", "Give the answer as a numbered list.", "", "1. Wash it.\n2. Peel it."),
    ("wrong_format", "What is the largest value in the table?", "a,1\nb,2", "2"),
    ("wrong_count", "Describe a lighthouse in one sentence.", "", 'It stands on a rock, and Mr. Lund calls it "the candle".'),
    ("wrong_count", "Give each child a task of two words.", "", "Ann: sweep floors\nBo: dry dishes"),
    ("wrong_count", "Write about 40 words on tea.", "", "tea " * 45),
    ("wrong_case", "Which word is in capital letters?", "the CAT sat", "CAT"),
    ("broken_code", "Write a Python function that doubles a number.", "",
     "Use this:\n```python\ndef double(n):\n    return 2 * n\n```"),
    ("broken_code", "Explain this Python error.", "print(1", "A bracket is not closed: print(1"),
    ("broken_code", "Write an SQL query for the newest row in MySQL.", "",
     "SELECT `id` FROM `log` ORDER BY `at` DESC LIMIT 1;"),
    ("wrong_sum", "Show your work.", "", "2 + 3 * 4 = 14, and 10 / 3 = 3.33. So x + 2 = 9 gives x = 7."),
    ("wrong_sum", "What is 6 * 7?", "", "The answer is 42."),
    ("not_a_label", "Label the fruit as ripe or unripe.", "a green banana", "Unripe."),
    ("wrong_language", "Translate the note into German.", "We are not at home today.", "Wir sind heute leider nicht zu Hause."),
    ("wrong_language", "Correct the mistakes.", "Wir ist heute nicht zu Hause und sie auch.",
     "Wir sind heute nicht zu Hause und sie auch nicht."),
    ("personal_data", "Whom do I ask about bees?", "", "Write to bees@example.org or call 555-0134, from 2021-05-03 on."),
    ("personal_data", "Find the address.", "Ask karl.imker@web.de.", "karl.imker@web.de"),
    ("link", "Where was this?", "See http://bees.net/a", "On http://bees.net/a."),
    ("link", "Write a program that loads the weather.", "",
     "import requests\n\nfound = requests.get('https://api.weather-now.io/v1/today')\nprint(found.json())"),
    ("link", "List the links of three sites about bees.", "", "https://bees-and-hives.net, https://honey-news.net"),
    ("mentions_people", "What do we eat?", "Fatima is a doctor.", "Roast turkey with chile and li."),
    ("image_talk", "Describe the picture frame in the photo shop.", "", "The picture below the clock has a gilded frame."),
    ("repeated_text", "Repeat the word row ten times.", "", "row " * 10),
    ("repeated_text", "Tell me about owls.", "",
     "Owls hunt at night. They see well. They hear even better, and they fly without a sound."),
]  # fmt: skip


def found(rule: str, instruction: str, given: str, output: str, is_classification: bool | None = None) -> str | None:
    return FIND[rule](Example(instruction, given, output, is_classification))


@pytest.mark.parametrize(("rule", "instruction", "given", "output"), WRONG)
def test_a_rule_finds_what_it_names_and_shows_it(rule: str, instruction: str, given: str, output: str) -> None:
    evidence = found(rule, instruction, given, output)
    assert evidence
    assert len(evidence) < 300


@pytest.mark.parametrize(("rule", "instruction", "given", "output"), RIGHT)
def test_a_rule_leaves_alone_what_is_right(rule: str, instruction: str, given: str, output: str) -> None:
    assert found(rule, instruction, given, output) is None


def test_every_rule_has_examples_of_both_kinds_and_a_description() -> None:
    names = {each.name for each in VERIFIERS}
    assert {rule for rule, *_ in WRONG} == {rule for rule, *_ in RIGHT} == names
    assert all(each.description.startswith("Find ") for each in VERIFIERS)


def test_labels_that_are_known_go_before_those_the_instruction_names() -> None:
    example = Example("Label the fruit as ripe or unripe.", "a plum", "overripe", True, labels=("ripe", "unripe", "overripe"))
    assert FIND["not_a_label"](example) is None
    assert found("not_a_label", "Which season is it: spring or autumn?", "Leaves fall.", "snow", is_classification=True)
    assert found("not_a_label", "Label the fruit as ripe or unripe.", "a plum", "yellow", is_classification=False) is None


@pytest.mark.parametrize(
    ("instruction", "right", "wrong"),
    [
        ("Is it rude or not? Output 1 for rude, and 0 for polite.", "1", "rude"),
        ("Say whether it rains. Return yes if it does, otherwise no.", "no", "maybe"),
        ("Output a for apples, b for pears, and c for plums.", "c", "d"),
        ("Possible labels include: sport, money, music. Name all, one by one.", "sport, music", "sport, law"),
    ],
)
def test_labels_are_known_however_the_instruction_names_them(instruction: str, right: str, wrong: str) -> None:
    assert found("not_a_label", instruction, "x", right, is_classification=True) is None
    assert found("not_a_label", instruction, "x", wrong, is_classification=True)


def test_or_not_names_no_label() -> None:
    instruction = "Detect if there is a loud noise or not and answer with a word."
    assert found("not_a_label", instruction, "x", "silence", is_classification=True) is None


HOSTILE = {
    "one letter": "a", "digits": "1", "sums": "1+", "brackets": "[", "objects": '{"a":', "fences": "```\n",
    "open fences": "```py\n", "ends": ". A", "addresses": "http://a@b.", "marks": "Input:\n", "gaps": "[your ",
    "choices": "x or y, ", "line ends": "\n", "blanks": " ", "other scripts": "\u4e2d\u0416", "open quotes": "\u201c",
    "open pictures": "![", "tags": "<img ", "a broken pair": "\ud800", "zeros": "\x00", "courtesies": "here is a ",
}  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_hurts_a_rule(unit: str) -> None:
    text = unit * (50_000 // len(unit))
    request = "Write Python, SQL or a regular expression as JSON or CSV, in upper case, in two sentences about the text below."
    for example in (Example(request, "x", text), Example(text, "x", text, True), Example(request, text, "some words of it")):
        for each in VERIFIERS:
            evidence = each.find(example)
            assert evidence is None or isinstance(evidence, str), each.name


def test_a_long_answer_takes_all_rules_as_long_as_its_length_says() -> None:
    def seconds(size: int) -> float:
        text = "The answer is not here, but 12 + 30 = 42 is [right] and so on. "
        example = Example("Explain it in three sentences.", "", text * (size // len(text)))
        begin = time.process_time()
        for each in VERIFIERS:
            each.find(example)
        return time.process_time() - begin

    seconds(1000)  # what is loaded once
    assert seconds(LONG) < 12 * seconds(LONG // 4)  # linear: 4; quadratic: 16

"""Ways in which a right task goes wrong, for measuring verifiers: each makes a damaged copy, or says that it cannot.

Every damage names the rules that are there to find it; `exchanged` names none: a wrong answer in right form is no affair of
rules. All texts are ours, and were written before the rules were measured.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from self_instruct.chains.verifiers.example import Example

Make = Callable[[Example, Sequence[Example], Random], Example | None]
"""From a right task, all the others and a generator to a damaged copy; None where the task has nothing to damage so."""


@dataclass(frozen=True)
class Damage:
    """A way to go wrong, and the rules that name it."""

    name: str
    rules: tuple[str, ...]
    make: Make


REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "As an AI language model, I do not have personal experiences, so I am unable to answer this.",
    "I cannot fulfil this request.",
    "Sorry, I can't do that. Is there something else you would like to know?",
    "Unfortunately, I am not able to access the text you mention.",
    "Please provide the text you would like me to work on.",
    "I don't have access to real-time information, so I cannot say.",
    "I am an AI and have no opinion on this.",
)
COURTESIES = (
    "Sure! {}", "Certainly! Here is the answer:\n\n{}", "Of course! {}", "Here is a possible response:\n{}",
    "{}\n\nI hope this helps!", "{}\n\nLet me know if you have any questions.", "{} Feel free to ask if anything is unclear.",
    "Absolutely! {}\n\nIs there anything else I can help you with?",
)  # fmt: skip
GAPS = ("[Name]", "[Your Name]", "[insert date]", "<your name>", "[Company Name]", "[City]", "[Recipient's name]", "[Date]")
SECOND_TASKS = (
    "{out}\n\nInstruction: {instruction}\nInput: {input}\nOutput: {output}",
    "{out}\n\n### Instruction:\n{instruction}",
    "{out}\nTask: {instruction}\nOutput: {output}", "{out}<|im_end|>\n<|im_start|>user\n{instruction}",
    "{out}\n\nExample 2\nInput: {input}\nOutput: {output}", "{out}\n\nUser: {instruction}\nAssistant: {output}",
)  # fmt: skip
NO_INPUT = ("N/A", "None", "<noinput>", "No input required.", "no input", "(none)", "Not applicable", "There is no input.")
OTHER_LANGUAGES = (
    "Das ist eine gute Frage, aber ich weiß nicht, ob wir sie heute noch beantworten können.",
    "Nous avons passé une belle journée dans le parc, et les enfants étaient très contents.",
    "No sé si mañana va a llover, pero es mejor que lleves un paraguas por si acaso.",
    "Questa mattina sono andato al mercato e ho comprato il pane, il latte e della frutta.",
    "O comboio chegou atrasado, mas ainda conseguimos apanhar o último barco para a ilha.",
    "We weten nog niet of het feest doorgaat, maar je kunt je vast op de lijst zetten.",
    "Сегодня утром мы долго ждали автобуса, а потом решили пойти домой пешком.",
    "今日は天気がいいので、友だちと一緒に公園へ散歩に行きました。", "我们明天早上八点在火车站见面，请不要迟到。",
    "오늘은 날씨가 좋아서 친구와 함께 공원에 산책하러 갔습니다.", "ذهبت إلى السوق هذا الصباح واشتريت الخبز والحليب.",
)  # fmt: skip
PERSONAL = (
    "Write to me at martin.k.weber@gmail.com.", "You can reach Julia on +49 171 2345987.",
    "My card number is 4539 1488 0343 6467.",
    "Her social security number is 219-09-9999.", "Contact: anna_lindt@outlook.com", "Call us on (212) 867-5309 8.",
)  # fmt: skip
LINKS = (
    "See https://www.gardenhelp24.com/tips for more.", "Source: http://recipes-for-all.net/soup",
    "More at www.learnmaths.co.uk.",
)  # fmt: skip
IMAGES = (
    "As shown in the image above, this is easy.", "![overview](overview.png)", "The picture below shows the result.",
    "See the attached diagram.",
)  # fmt: skip


def _echo_instruction(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    end = random.choice(("", "\n", " " + right.output))
    return replace(right, output=right.instruction + end)


def _echo_input(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    if not right.input or right.input.strip() == right.output.strip():
        return None
    return replace(right, output=random.choice((right.input, f"Input: {right.input}", " " + right.input + "\n")))


def _cut(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    if right.is_classification or len(right.output.split()) < 20:
        return None
    at = int(len(right.output) * random.uniform(0.4, 0.95))
    return replace(right, output=right.output[:at].rstrip())


def _with_gap(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    words = list(re.finditer(r"\b[A-Z][a-z]+\b|\b\w{5,}\b", right.output))
    if right.is_classification or len(right.output.split()) < 5 or not words or "```" in right.output:
        return None
    word = random.choice(words)
    return replace(right, output=right.output[: word.start()] + random.choice(GAPS) + right.output[word.end() :])


def _run_on(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    other = random.choice(others)
    fields = {"instruction": other.instruction, "input": other.input, "output": other.output}
    return replace(right, output=random.choice(SECOND_TASKS).format(out=right.output, **fields))


def _without_input(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    return replace(right, input="") if right.input else None


def _needless(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    return None if right.input else replace(right, input=random.choice((*NO_INPUT, right.instruction)))


def _broken_json(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    try:
        json.loads(right.output)
    except ValueError:
        return None
    if right.output.strip()[:1] not in "[{" or "JSON" not in right.instruction:
        return None
    marks = [at for at, each in enumerate(right.output) if each in '[]{}":']
    at = random.choice(marks)
    return replace(right, output=right.output[:at] + right.output[at + 1 :])


def _broken_code(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    if not re.search(r"\bpython\b", right.instruction, re.I) and "```python" not in right.output:
        return None
    marks = [match.start() for match in re.finditer(r"[()]|:$", right.output, re.M)]
    if "def " not in right.output or not marks:
        return None
    at = random.choice(marks)
    return replace(right, output=right.output[:at] + right.output[at + 1 :])


def _wrong_sum(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    sums = list(re.finditer(r"(?<![\w.]) ?\d[\d.]* [-+*/×] [\d.]+ = (\d+)(?![\d.,]| ?[-+*/×%=])", right.output))
    if not sums:
        return None
    chosen = random.choice(sums)
    wrong = str(int(chosen[1]) + random.choice((-10, -1, 1, 2, 10, 100)))
    return replace(right, output=right.output[: chosen.start(1)] + wrong + right.output[chosen.end(1) :])


def _other_label(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    labels = sorted({each.output for each in others if each.is_classification and each.output != right.output})
    mine = right.instruction.casefold()
    foreign = [label for label in labels if label.casefold() not in mine and label.casefold() not in ("yes", "no")]
    return replace(right, output=random.choice(foreign)) if right.is_classification and foreign else None


def _other_language(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    if right.is_classification or re.search(r"\b[A-Z][a-z]+(?:ish|ese|ian|man|nch)\b|language|translat", right.instruction):
        return None
    return replace(right, output=random.choice(OTHER_LANGUAGES))


def _with(texts: Sequence[str]) -> Make:
    def make(right: Example, others: Sequence[Example], random: Random) -> Example | None:
        return None if right.is_classification else replace(right, output=f"{right.output}\n{random.choice(texts)}")

    return make


def _loop(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    if right.is_classification or "```" in right.output:
        return None
    parts = [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n", right.output) if len(part.split()) >= 3]
    return replace(right, output=right.output + (" " + parts[-1]) * random.randint(4, 12)) if parts else None


def _other_count(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    if right.is_classification or not re.search(
        r"\b(?:in (?:one|two|three|four) sentences?"
        r"|(?:two|three|four|five|ten|\d+) (?:\w+ )?(?:ideas|subject lines|tips|reasons|names|titles"
        r"|examples|questions|ways|things)|to (?:two|three) sentences|\d+ words)\b", right.instruction, re.I
    ):  # fmt: skip
        return None
    lines = right.output.splitlines()
    if len(lines) > 2:
        return replace(right, output="\n".join(lines[:-1] if random.random() < 0.5 else [*lines, *lines[1:3]]))
    return replace(right, output=f"{right.output} {right.output} It goes on like that. And there is more to say about this.")


def _exchanged(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    same = [each for each in others if each.is_classification is right.is_classification and each.output != right.output]
    return replace(right, output=random.choice(same).output)


def _refused(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    return replace(right, output=random.choice(REFUSALS))


def _courteous(right: Example, others: Sequence[Example], random: Random) -> Example | None:
    return None if right.is_classification else replace(right, output=random.choice(COURTESIES).format(right.output))


DAMAGES: Sequence[Damage] = (
    Damage("instruction echoed", ("repeats_instruction",), _echo_instruction),
    Damage("input echoed", ("repeats_input",), _echo_input),
    Damage("refused", ("refusal",), _refused),
    Damage("courtesies around it", ("boilerplate",), _courteous),
    Damage("cut", ("cut_off",), _cut),
    Damage("a gap left", ("placeholder",), _with_gap),
    Damage("a second task behind it", ("run_on",), _run_on),
    Damage("input missing", ("missing_input",), _without_input),
    Damage("a word for no input", ("needless_input",), _needless),
    Damage("JSON broken", ("not_json",), _broken_json),
    Damage("another number of parts", ("wrong_count",), _other_count),
    Damage("Python broken", ("broken_code",), _broken_code),
    Damage("sum changed", ("wrong_sum",), _wrong_sum),
    Damage("label outside its set", ("not_a_label",), _other_label),
    Damage("other language", ("wrong_language",), _other_language),
    Damage("personal data", ("personal_data",), _with(PERSONAL)),
    Damage("a link", ("link",), _with(LINKS)),
    Damage("talk of an image", ("image_talk",), _with(IMAGES)),
    Damage("a loop", ("repeated_text",), _loop),
    Damage("outputs exchanged", (), _exchanged),
)


def damaged(rights: Sequence[Example], damage: Damage, seed: int) -> Mapping[int, Example]:
    """Return a damaged copy of each right task that can be damaged so, by the task's place."""
    copies: dict[int, Example] = {}
    for at, right in enumerate(rights):
        others = [*rights[:at], *rights[at + 1 :]]
        wrong = damage.make(right, others, Random(f"{seed} {damage.name} {at}"))
        if wrong is not None:
            copies[at] = wrong
    return copies

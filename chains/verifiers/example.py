"""What a verifier looks at: an instance with its instruction, and views of their texts that several rules share.

Every view is made once, in time that grows with the text's length alone.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from self_instruct.prompts.reading.class_labels import named_labels

MOST_READ = 5_000  # characters of an instruction in which a rule looks for what is asked
SHOWN = 80  # characters of a text that evidence shows
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_FIGURE = re.compile(r"\d")
_FENCE = re.compile(r"```[ \t]*([\w+#-]*)")
_CODE_LINE = re.compile(
    r"^\s*(?:(?:def|class|import|from|return|elif|while|for|if|try|except|with|print|function|const|let|var|public|#include"
    r"|SELECT|INSERT|CREATE|UPDATE|DELETE)\b.*[:;(){}=*]|.*[;{}]\s*$|[\w.]+\s*=\s*\S)",
    re.MULTILINE,
)
_SPEECH = re.compile(
    r"\b(?:write|compose|draft|prepare|create|make|suggest|send|generate|design|rewrite|word|phrase)\b[^.!?]{0,80}"
    r"\b(?:e-?mails?|letters?|messages?|notes?|dialogues?|conversations?|scripts?|speech(?:es)?|invitations?|postcards?|toasts?"
    r"|announcements?|posts?|tweets?|scenes?|cards?|chats?|replies|reply|response)\b"
    r"|\ban? (?:\w+ )?(?:e-?mail|letter|message|note|postcard|speech|toast|dialogue) (?:to|for|from|between)\b"
    r"|\b(?:reply|respond|apologi[sz]e|pretend|role-?play|haggle|you are an?|act as|say (?:to|no)|greet"
    r"|tell (?:him|her|them|the))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Example:
    """An instance with its instruction.

    `is_classification` is None where the kind of task is not known; `labels` are its class labels, where somebody knows them
    better than the instruction says.
    """

    instruction: str
    input: str
    output: str
    is_classification: bool | None = None
    labels: tuple[str, ...] = ()

    @cached_property
    def request(self) -> str:
        """The instruction as far as rules read it."""
        return self.instruction[:MOST_READ]

    @cached_property
    def _request_folded(self) -> str:
        return self.request.casefold()

    def mentions(self, *parts: str) -> bool:
        """Return whether the instruction has one of these parts of words, in any case: a quick look before a close one."""
        return _has_any(self._request_folded, parts)

    @cached_property
    def answer(self) -> str:
        """The output without the white space around it."""
        return self.output.strip()

    @cached_property
    def _answer_folded(self) -> str:
        return self.answer.casefold()

    def says(self, *parts: str) -> bool:
        """Return whether the output has one of these parts of words, in any case: a quick look before a close one."""
        return _has_any(self._answer_folded, parts)

    @cached_property
    def figures(self) -> int:
        """How many figures the output has."""
        return len(_FIGURE.findall(self.answer))

    @cached_property
    def task(self) -> str:
        """Instruction and input together, without case: what the output may have been taken from."""
        return f"{self.instruction}\n{self.input}".casefold()

    @cached_property
    def instruction_words(self) -> list[str]:
        """The words of the instruction, without case."""
        return words(self.instruction)

    @cached_property
    def input_words(self) -> list[str]:
        """The words of the input, without case."""
        return words(self.input)

    @cached_property
    def output_words(self) -> list[str]:
        """The words of the output, without case."""
        return words(self.output)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the output that are not blank, without the white space around them."""
        return [line.strip() for line in self.answer.splitlines() if line.strip()]

    @cached_property
    def fences(self) -> list[tuple[str, str]]:
        """The fenced blocks of the output: the language that each names, in lower case, and its text."""
        return list(_fenced(self.answer)) if "```" in self.answer else []

    @cached_property
    def is_code(self) -> bool:
        """Whether the output is, or holds, a program."""
        return "```" in self.answer or len(_CODE_LINE.findall(self.answer[:MOST_READ])) * 2 >= max(1, len(self.lines[:100]))

    @cached_property
    def is_speech(self) -> bool:
        """Whether something is asked for that is said or written to somebody: a letter, a reply, a conversation."""
        return _SPEECH.search(self.request) is not None

    @cached_property
    def known_labels(self) -> tuple[str, ...]:
        """The class labels, as they were given or as the instruction plainly names them; none where it does not."""
        return self.labels or named_labels(self.request)


def _has_any(text: str, parts: Sequence[str]) -> bool:
    for part in parts:  # noqa: SIM110  a generator takes twice as long, and this is asked most
        if part in text:
            return True
    return False


def _fenced(text: str) -> Iterator[tuple[str, str]]:
    """Yield the fenced blocks of a text, each with its language; one that is never closed is none."""
    language, begin, at = "", -1, 0
    for line in text.splitlines(keepends=True):
        fence = _FENCE.match(line)
        if fence and begin < 0:
            language, begin = fence[1].lower(), at + len(line)
        elif fence:
            yield language, text[begin:at]
            begin = -1
        at += len(line)


def words(text: str) -> list[str]:
    """Return the words of a text, without case and punctuation.

    >>> words("Don't panic, Arthur!")
    ["don't", 'panic', 'arthur']
    """
    return _WORD.findall(text.casefold())


def shown(text: str) -> str:
    """Return a text as evidence shows it: on one line, and cut."""
    line = " ".join(text[: 4 * SHOWN].split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 3]}..."

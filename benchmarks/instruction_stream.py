"""A seeded, endless stream of instructions, made from what ships with us: the seeds, the offline model's grammar, word edits.

A third are new: the beginning of a seed or of instructions of the grammar (of log-normal length: the instructions of the
paper's dataset have 16 words on average, section 3.1), of which one half to all of the words are exchanged. Two thirds are
earlier ones with up to 40 % exchanged, so that near-duplicates fall on both sides of the threshold. An exchanged word is
drawn from all words of seeds and grammar as often as they use it, one in eight with a letter changed: the long tail that real
instructions have.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, count, islice
from math import log
from random import Random
from statistics import mean, median

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.grammar import grammar
from self_instruct.retrievers.rouge import tokens
from self_instruct.seeds.loading import shipped_seeds

NEW = 1 / 3
LEAST_CHANGE_OF_NEW, MOST_CHANGE_OF_EARLIER = 0.5, 0.4
MEDIAN_WORDS, SPREAD = 14, 0.4
FEWEST_WORDS = 4  # the rule of section 2.2
MISSPELT = 1 / 8
SAMPLED = 20_000  # instructions of the grammar from which word frequencies are counted
AT_ONCE = 4096  # words drawn together
BLOCK = 1_000_000  # instructions of one stream, which remembers all of its own
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class InstructionStream(Iterator[str]):
    """The stream of one seed, the same in every process."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)
        self._seeds = [task.instruction for task in shipped_seeds()]
        self._draws = Draws(self._random.random)
        counts = self._word_counts()
        self._words, self._weights = list(counts), list(accumulate(counts.values()))
        self._drawn: Iterator[str] = iter(())
        self._earlier: list[list[str]] = []

    def __next__(self) -> str:
        words = self._new() if not self._earlier or self._random.random() < NEW else self._edited_earlier()
        self._earlier.append(words)
        return " ".join(words)

    def take(self, count: int) -> list[str]:
        """Return the next `count` instructions."""
        return [next(self) for _ in range(count)]

    def _new(self) -> list[str]:
        length = max(FEWEST_WORDS, round(self._random.lognormvariate(log(MEDIAN_WORDS), SPREAD)))
        words: list[str] = []
        while len(words) < length:
            is_seed = self._random.random() < 0.1
            words += (self._random.choice(self._seeds) if is_seed else grammar().instruction(self._draws)).split()
        return self._edited(words[:length], self._random.uniform(LEAST_CHANGE_OF_NEW, 1))

    def _edited_earlier(self) -> list[str]:
        return self._edited(self._random.choice(self._earlier), self._random.uniform(0, MOST_CHANGE_OF_EARLIER))

    def _edited(self, words: Sequence[str], share: float) -> list[str]:
        return [self._word() if self._random.random() < share else word for word in words]

    def _word(self) -> str:
        word = next(self._drawn, None)
        if word is None:
            self._drawn = iter(self._random.choices(self._words, cum_weights=self._weights, k=AT_ONCE))
            word = next(self._drawn)
        if self._random.random() >= MISSPELT:
            return word
        place = self._random.randrange(len(word))
        return word[:place] + self._random.choice(LETTERS) + word[place + 1 :]

    def _word_counts(self) -> Counter[str]:
        sample = [grammar().instruction(self._draws) for _ in range(SAMPLED)]
        return Counter(word for text in [*self._seeds, *sample] for word in text.split())


def instructions() -> Iterator[str]:
    """Yield instructions without end and without remembering them all: a million of each stream, from that of seed 0 on."""
    for seed in count():
        yield from islice(InstructionStream(seed), BLOCK)


def described(texts: Sequence[str]) -> str:
    """Return in two lines how long instructions are and what vocabulary they have, in tokens of `rouge-score`."""
    lists = [tokens(text, "ascii") for text in texts]
    lengths = sorted(map(len, lists))
    counts = Counter(token for own in lists for token in own)
    total, commonest = counts.total(), sum(count for _, count in counts.most_common(100))
    once = sum(count == 1 for count in counts.values())
    tenth, last_tenth = lengths[len(lengths) // 10], lengths[-len(lengths) // 10]
    return (
        f"tokens an instruction: mean {mean(lengths):.1f}, median {median(lengths):.0f}, one in ten below {tenth}, one in ten"
        f" above {last_tenth}, longest {lengths[-1]}\n"
        f"vocabulary of {len(texts):,}: {len(counts):,} different tokens, {once / len(counts):.0%} of them used once; the"
        f" commonest hundred make up {commonest / total:.0%} of the text"
    )

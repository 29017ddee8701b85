"""Measure the novelty index: CPU per candidate, against rapidfuzz over the whole pool and against `rouge-score`.

    .venv/bin/python benchmarks/novelty.py [--quick] [--json]

A seeded stream of made-up instructions is offered until 52,000 are kept; further candidates of the stream are then put to
pools of 1,000, 10,000 and 52,000 of them. The rules are the published code's (`> 0.7`, ASCII tokens), so that all three must
decide alike. All times are CPU times of this process, text in to decision out; `rouge-score` is extrapolated from a sample.
"""

from __future__ import annotations

import argparse
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from random import Random

import numpy as np
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist
from rouge_score.rouge_scorer import RougeScorer

from self_instruct.retrievers.novelty import Kept, NoveltyIndex
from self_instruct.retrievers.rouge import tokens
from self_instruct.seeds.profiles import NoveltySettings

RULES = NoveltySettings(refuse=">", tokens="ascii")
THRESHOLD = float(RULES.threshold)
CODE_BYTES = 64  # 32 a row, and as much again at most that FAISS reserves as it grows

FRAME = (
    "the", "a", "of", "to", "given", "and", "you", "in", "for", "that", "is", "or", "are", "if", "an", "your", "it",
    "with", "be", "on", "what", "following", "this", "can", "me", "should", "as", "from", "how", "all", "give", "some",
    "not", "by", "at", "which", "one", "has", "have", "their", "its", "about", "into", "using", "each", "write", "find",
    "create", "explain", "list", "describe", "identify", "classify", "translate", "summarize", "rewrite", "suggest",
    "generate", "compare", "convert", "make", "design",
)  # fmt: skip
VOCABULARY = 20_000
SYLLABLES = [start + vowel + end for start in "bcdfghjklmnprstvw" for vowel in "aeiou" for end in ("", "n", "r", "s", "t", "l")]


def instructions(seed: int) -> Iterator[str]:
    """Yield made-up instructions without end, of 4 to 150 Zipf-distributed words.

    Every second one is an earlier one, edited: none to three fifths of its words are replaced, so that near-duplicates fall on
    both sides of the threshold.
    """
    random = Random(seed)
    content = ["".join(random.choices(SYLLABLES, k=random.choice((1, 2, 2, 3)))) for _ in range(VOCABULARY)]
    frame_weights = list(accumulate((rank + 1) ** -0.8 for rank in range(len(FRAME))))
    content_weights = list(accumulate(1 / (rank + 5) for rank in range(VOCABULARY)))
    earlier: list[list[str]] = []

    def word() -> str:
        if random.random() < 0.45:
            return random.choices(FRAME, cum_weights=frame_weights)[0]
        return random.choices(content, cum_weights=content_weights)[0]

    while True:
        if earlier and random.random() < 0.5:
            share = random.uniform(0, 0.6)
            own = [word() if random.random() < share else old for old in random.choice(earlier)]
        else:
            own = [word() for _ in range(max(4, min(150, round(random.lognormvariate(2.55, 0.5)))))]
        earlier.append(own)
        yield " ".join(own).capitalize() + "."


class EveryPair:
    """The same decisions by rapidfuzz alone: the candidate against every row, in one call over the pool."""

    def __init__(self, pool: Sequence[str]) -> None:
        self._numbers: dict[str, int] = {}
        self._words = [self._word(text) for text in pool]
        self._lengths = np.array([len(word) for word in self._words])

    def highest(self, text: str) -> float | None:
        """Return the highest ROUGE-L with a row, or None where it is not above the threshold."""
        word = self._word(text)
        common = cdist([word], self._words, scorer=LCSseq.similarity, dtype=np.int32)[0]
        precision, recall = common / self._lengths, common / len(word)
        total = precision + recall
        total[total == 0] = 1
        best = float(np.max(2 * precision * recall / total))
        return best if best > THRESHOLD else None

    def _word(self, text: str) -> str:
        return "".join(chr(self._numbers.setdefault(token, len(self._numbers))) for token in tokens(text, "ascii"))


@dataclass(frozen=True)
class Figures:
    """What was measured at one size of the pool; times in microseconds of CPU per candidate."""

    pool: int
    index_us: float
    rapidfuzz_us: float
    rouge_score_us: float  # extrapolated
    refused_share: float
    decisions_compared: int
    pairs_scored_by_rouge_score: int
    mismatches: int
    rebuild_s: float
    bytes_per_row: float


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time of some work, in seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(pool: Sequence[str], candidates: Sequence[str], against_all: int, against_rouge: int) -> Figures:
    """Measure the index on all candidates, rapidfuzz on the first `against_all`, `rouge-score` on the first `against_rouge`."""
    index = NoveltyIndex(RULES)
    rebuild_s = cpu_s(lambda: index.add_all(pool))
    index_s = min(cpu_s(lambda: [index.nearest_too_similar(text) for text in candidates]) for _ in range(3))
    nearest = [index.nearest_too_similar(text) for text in candidates]
    ours = [neighbour.score if neighbour else None for neighbour in nearest]

    every_pair, theirs = EveryPair(pool), list[float | None]()
    rapidfuzz_s = cpu_s(lambda: theirs.extend(every_pair.highest(text) for text in candidates[:against_all]))
    wrong = sum(one != other for one, other in zip(ours, theirs, strict=False))

    rouge_s, pairs, wrong_pairs = check_by_rouge_score(pool, candidates[:against_rouge], ours)
    return Figures(
        pool=len(pool),
        index_us=index_s / len(candidates) * 1e6,
        rapidfuzz_us=rapidfuzz_s / len(theirs) * 1e6,
        rouge_score_us=rouge_s * len(pool) / pairs * 1e6,
        refused_share=sum(score is not None for score in ours) / len(ours),
        decisions_compared=len(theirs),
        pairs_scored_by_rouge_score=pairs,
        mismatches=wrong + wrong_pairs,
        rebuild_s=rebuild_s,
        bytes_per_row=bytes_per_row(pool),
    )


def check_by_rouge_score(
    pool: Sequence[str], candidates: Sequence[str], ours: Sequence[float | None]
) -> tuple[float, int, int]:
    """Score each candidate with a sample of 1,000 rows; return the CPU seconds, the pairs, and how many contradict us.

    A pair contradicts us if its score is above the threshold and above the one we gave the candidate's nearest.
    """
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    rows = Random(0).sample(pool, min(1000, len(pool)))
    scores: list[list[float]] = []
    seconds = cpu_s(lambda: scores.extend([scorer.score(text, row)["rougeL"].fmeasure for row in rows] for text in candidates))
    wrong = sum(
        score > max(THRESHOLD, score_of_nearest or 0)
        for own, score_of_nearest in zip(scores, ours, strict=False)
        for score in own
    )
    return seconds, len(rows) * len(candidates), wrong


def bytes_per_row(pool: Sequence[str]) -> float:
    """Return what the index holds per row beside the text itself."""
    tracemalloc.start()
    index = NoveltyIndex(RULES)
    before, _ = tracemalloc.get_traced_memory()
    index.add_all(pool)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / len(index) + CODE_BYTES


def fill(stream: Iterator[str], size: int) -> tuple[list[str], int, float]:
    """Offer the stream until `size` are kept; return those, the number of offers, and the CPU seconds of the offers alone."""
    index, kept, offers, seconds = NoveltyIndex(RULES), list[str](), 0, 0.0
    while len(kept) < size:
        batch = [next(stream) for _ in range(1000)]
        start = time.process_time()
        decisions = [index.offer(text) for text in batch]
        seconds += time.process_time() - start
        kept += [text for text, decision in zip(batch, decisions, strict=True) if isinstance(decision, Kept)]
        offers += len(batch)
    return kept[:size], offers, seconds


def report(figures: Sequence[Figures], offers: int, kept: int, seconds: float) -> str:
    """Return the figures as a table to read."""
    lines = [
        f"stream: {offers:,} offers until {kept:,} were kept, {seconds:.2f} s of CPU, {seconds / offers * 1e6:.0f} us an offer",
        "",
        "CPU per candidate, text in to decision out",
        "   pool |    index | rapidfuzz over all | rouge-score (extrapolated) | refused | mismatches | rebuild | bytes a row",
    ]
    lines += [
        f"{f.pool:7,} | {f.index_us:5.0f} us | {f.rapidfuzz_us:8,.0f} us ({f.rapidfuzz_us / f.index_us:4.0f}x)"
        f" | {f.rouge_score_us / 1e6:8.2f} s ({f.rouge_score_us / f.index_us:9,.0f}x)  | {f.refused_share:6.0%} "
        f" | {f.mismatches:2} of {f.decisions_compared:,} | {f.rebuild_s:5.2f} s | {f.bytes_per_row:5.0f}"
        for f in figures
    ]
    pairs = sum(f.pairs_scored_by_rouge_score for f in figures)
    lines += [
        "",
        f"mismatches: the nearest's score against rapidfuzz over all, and {pairs:,} single pairs scored by rouge-score",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description="Measure the novelty index.")
    parser.add_argument("--quick", action="store_true", help="pools of 1,000 and 5,000 and fewer candidates, in a few seconds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    sizes, count = ([1000, 5000], 500) if options.quick else ([1000, 10_000, 52_000], 4000)

    stream = instructions(seed=0)
    kept, offers, seconds = fill(stream, sizes[-1])
    candidates = [next(stream) for _ in range(count)]
    figures = [measure(kept[:size], candidates, against_all=count // 4, against_rouge=count // 200) for size in sizes]
    if options.json:
        print(json.dumps({"offers": offers, "offers_cpu_s": seconds, "pools": [asdict(one) for one in figures]}, indent=2))
    else:
        print(report(figures, offers, len(kept), seconds))
    if any(one.mismatches for one in figures):
        raise SystemExit("the decisions differ")


if __name__ == "__main__":
    main()

"""A pool in shards decides as one index does, whatever the number of shards, the batches and the order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from self_instruct.reports.dedup.shards import Shard, ShardedIndex
from self_instruct.retrievers.novelty import Neighbour, NoveltyIndex
from self_instruct.settings.sections import NoveltySettings

RULES = NoveltySettings()
WORDS = ("write", "a", "short", "long", "poem", "story", "about", "the", "sea")
words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7)
texts = st.lists(words.map(" ".join), max_size=40)


class InThisProcess:
    """Shards without Ray."""

    def __init__(self, count: int) -> None:
        self._shards = [Shard(RULES) for _ in range(count)]

    def __len__(self) -> int:
        return len(self._shards)

    def add(self, shard: int, rows: Sequence[int], texts: Sequence[str]) -> None:
        self._shards[shard].add(rows, texts)

    def nearest(self, texts: Sequence[str]) -> list[list[Neighbour | None]]:
        return [shard.nearest(texts) for shard in self._shards]


@examples(max_examples=50)
@given(held=texts, offered=texts, shards=st.integers(1, 4), batch=st.integers(1, 9))
def test_the_decisions_and_the_nearest_are_those_of_one_index(
    held: list[str], offered: list[str], shards: int, batch: int
) -> None:
    one, several = NoveltyIndex(RULES), ShardedIndex(RULES, InThisProcess(shards))
    one.add_all(held)
    several.add_all(held)
    for begin in range(0, len(offered), batch):
        some = offered[begin : begin + batch]
        assert several.offer_all(some) == one.offer_all(some)
    assert len(several) == len(one)


def test_dedup_on_ray_writes_the_files_of_one_process(tmp_path: Path) -> None:
    pytest.importorskip("ray.exceptions", reason="Ray is not installed: pip install -e '.[ray]'")
    draw = Random(0)
    lines = [{"instruction": " ".join(draw.choices(WORDS, k=draw.randint(4, 8)))} for _ in range(600)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for name, more in (("one", ()), ("shards", ("--ray", "local", "--shards", "2"))):
        places = ("--out", str(tmp_path / f"{name}.jsonl"), "--refused", str(tmp_path / f"{name}.refused"))
        asked = [sys.executable, "-m", "self_instruct", "dedup", str(tmp_path / "in.jsonl"), *places, *more]
        subprocess.run(asked, check=True, env=os.environ)
    assert 10 < (tmp_path / "one.jsonl").read_bytes().count(b"\n") < 590
    for suffix in ("jsonl", "refused"):
        assert (tmp_path / f"shards.{suffix}").read_bytes() == (tmp_path / f"one.{suffix}").read_bytes()

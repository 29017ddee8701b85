"""How far raters agree, against published figures, figures worked out by hand, and what has to hold for any ratings."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.reports.review.agreement import Agreement, Rating, agreement


def ratings(**labels: str) -> Iterable[Rating]:
    """The ratings of each rater, a letter an item; a space is an item left out."""
    return [
        Rating(str(item), rater, label)
        for rater, labels_ in labels.items()
        for item, label in enumerate(labels_)
        if label != " "
    ]


def test_the_published_kappas_of_three_people_come_out(reference: Path) -> None:
    expected = json.loads((reference / "evaluation" / "expected.json").read_text(encoding="utf-8"))
    wanted = expected["agreement/pandalm-252-labels.jsonl"]
    file = reference / "evaluation" / "agreement" / "pandalm-252-labels.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    found = agreement([Rating(str(row["idx"]), at, str(row[f"annotator{at}"])) for row in rows for at in "123"])
    by_pair = {"-".join(pair.raters): pair for pair in found.pairs}
    assert {name: round(pair.kappa.value or 0, 6) for name, pair in by_pair.items()} == wanted["cohen_kappa"]
    assert {name: round(pair.raw.value or 0, 6) for name, pair in by_pair.items()} == wanted["raw_agreement"]
    assert round(found.fleiss_kappa.value or 0, 6) == wanted["fleiss_kappa"]
    assert found.majority == wanted["majority"]
    assert found.without_majority == 0


def test_the_kappas_of_judges_with_peoples_majority_come_out(reference: Path) -> None:
    expected = json.loads((reference / "evaluation" / "expected.json").read_text(encoding="utf-8"))
    wanted = expected["agreement/pandalm-252-labels.jsonl"]
    file = reference / "evaluation" / "agreement" / "pandalm-252-labels.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for judge, name in (("judge_pandalm", "judge_pandalm"), ("judge_gpt35", "judge_gpt35_garbage_as_tie")):
        both = []
        for row in rows:
            labels_ = [str(row[f"annotator{at}"]) for at in "123"]
            label = str(row[judge])
            both += [Rating(str(row["idx"]), "people", max(set(labels_), key=labels_.count))]
            both += [Rating(str(row["idx"]), "judge", label if label in ("0", "1", "2") else "0")]
        found = agreement(both, resamples=0).pairs[0]
        assert round(found.kappa.value or 0, 6) == wanted[name]["kappa"]
        assert round(found.raw.value or 0, 6) == wanted[name]["accuracy"]


def test_krippendorffs_own_example_gives_his_alphas() -> None:
    # Krippendorff 2011: the reliability data of four observers and twelve units.
    rated = ratings(a="123321412   ", b="1233224125 3", c=" 3332342251 ", d="12332441251 ")
    assert agreement(rated).krippendorff_alpha.value == pytest.approx(0.743, abs=5e-4)
    assert agreement(rated, "12345").krippendorff_alpha.value == pytest.approx(0.815, abs=5e-4)


def test_the_example_of_fourteen_raters_gives_its_fleiss_kappa() -> None:
    rows = [
        "EEEEEEEEEEEEEE", "BBCCCCCCDDDDEE", "CCCDDDDDEEEEEE", "BBBCCCCCCCCCDD", "AABBCCCCCCCCDE", "AAAAAAABBBBBBB",
        "AAABBCCCCCCDDD", "AABBBBBCCCDDEE", "AAAAAABBBBBCCD", "BBCCDDDEEEEEEE",
    ]  # fmt: skip
    found = agreement(
        [Rating(str(item), str(rater), label) for item, row in enumerate(rows) for rater, label in enumerate(row)]
    )
    assert found.fleiss_kappa.value == pytest.approx(0.210, abs=5e-4)


def test_ordered_labels_have_a_weighted_kappa_and_a_rank_correlation() -> None:
    [pair] = agreement(ratings(x="ABBDC", y="ABCDD"), "ABCD").pairs
    assert pair.weighted_kappa.value == pytest.approx(27 / 32)  # apart by 1 twice, against 64 / 5 by chance
    assert pair.spearman.value == pytest.approx(9 / 9.5)  # ranks 1, 2.5, 2.5, 5, 4 and 1, 2, 3, 4.5, 4.5
    [linear] = agreement(ratings(x="ABBDC", y="ABCDD"), "ABCD", weights="linear").pairs
    assert linear.weighted_kappa.value == pytest.approx(1 - 2 / 5 / (32 / 25))


def test_what_is_undefined_is_none_and_neither_one_nor_a_fault() -> None:
    found = agreement(ratings(x="AAA", y="AAA", z="   "), "AB")
    [pair] = found.pairs
    assert pair.raw.value == 1
    assert [each.value for each in (pair.kappa, pair.weighted_kappa, pair.spearman)] == [None] * 3
    assert (found.fleiss_kappa.value, found.krippendorff_alpha.value) == (None, None)
    apart = agreement(ratings(x="AB  ", y="  AB"))
    assert apart.pairs[0].items == 0
    assert apart.pairs[0].raw.value is None
    assert apart.items == 0
    assert agreement([]).pairs == ()


def test_labels_without_an_order_have_no_ranks() -> None:
    [pair] = agreement(ratings(x="ABAB", y="ABBB")).pairs
    assert pair.kappa.value == 0.5
    assert (pair.weighted_kappa.value, pair.spearman.value) == (None, None)


def test_an_interval_holds_its_figure_and_is_the_same_again() -> None:
    rated = list(ratings(x="ABCABCABCABCAABB", y="ABCABCABCACBABAB", z="ABCABCABCABCAABA"))
    found = agreement(rated, "ABC")
    for each in (found.raw, found.fleiss_kappa, found.krippendorff_alpha, *(pair.kappa for pair in found.pairs)):
        assert each.interval is not None
        assert each.interval[0] <= (each.value or 0) <= each.interval[1]
    assert agreement(rated, "ABC") == found


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("ABC")), min_size=2, max_size=30))
def test_who_comes_first_and_what_labels_are_called_changes_nothing(labels: list[tuple[str, str]]) -> None:
    def found(swap: bool, names: str) -> Agreement:
        named = [[names["ABC".index(each)] for each in pair] for pair in labels]
        rated = [Rating(str(i), rater, pair[at]) for i, pair in enumerate(named) for at, rater in enumerate("xy")]
        return agreement(rated[::-1] if swap else rated, names, resamples=0)

    one, other = found(swap=False, names="ABC"), found(swap=True, names="PQR")
    for name in ("raw", "kappa", "weighted_kappa", "spearman"):
        values = [getattr(each.pairs[0], name).value for each in (one, other)]
        assert values[0] == (None if values[1] is None else pytest.approx(values[1]))
    assert one.krippendorff_alpha.value == (
        None if other.krippendorff_alpha.value is None else pytest.approx(other.krippendorff_alpha.value)
    )


def test_a_label_outside_the_order_is_an_error() -> None:
    with pytest.raises(ValueError, match="'Q' is none of A, B"):
        agreement(ratings(x="AQ", y="AB"), "AB")

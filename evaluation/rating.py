"""People grade the answers of several systems to the same tasks, side by side, without knowing which is whose.

Between evaluations' answers and counts of grades. A folder holds the page (`rating.html`) and, for who reads the grades, who
said what (`systems.json`).
Source: Wang et al. 2023, arXiv:2212.10560, section 4.4: four grades, the answers to a task together, in random order.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from self_instruct.evaluation.results import Result, asked_in
from self_instruct.records.errors import InputError
from self_instruct.records.marks import Grade
from self_instruct.reports.review.agreement import Agreement, Rating, agreement
from self_instruct.reports.review.page import page, readable_texts
from self_instruct.reports.review.reading import saved_marks
from self_instruct.reports.writing import new_file
from self_instruct.retrievers.draws import HashDraws

PAGE, SYSTEMS = "rating.html", "systems.json"
FORMAT = "self-instruct rating 1"
GOOD = (Grade.A, Grade.B)
ACCEPTABLE = "A or B"


@dataclass(frozen=True, slots=True)
class RatingSheet:
    """What people are shown: each task, by its id, with its systems in the order of their answers; `digests` tell the texts."""

    id: str
    systems: tuple[str, ...]
    order: Mapping[str, tuple[str, ...]]
    digests: Mapping[str, str]

    def to_fields(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "format": FORMAT, "sample": self.id, "systems": list(self.systems),
            "tasks": [
                {"item": item, "order": list(order), "digest": self.digests[item]} for item, order in self.order.items()
            ],
        }  # fmt: skip

    @classmethod
    def read(cls, folder: Path) -> RatingSheet:
        """Return the sheet of a folder; raises `InputError` where there is none, or it is damaged."""
        path = folder / SYSTEMS
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            order = {one["item"]: tuple(one["order"]) for one in said["tasks"]}
            return cls(said["sample"], tuple(said["systems"]), order, {one["item"]: one["digest"] for one in said["tasks"]})
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); write the page first.") from None
        except (ValueError, TypeError, LookupError) as error:
            raise InputError(f"{path}: is damaged ({error}); write the page again.") from None


@dataclass(frozen=True, slots=True)
class Ratings:
    """What people said: how often each system got each grade, over all raters, and how far the raters agree.

    `four_levels` is their agreement on the grades, `acceptable` that on A or B against C or D.
    """

    counts: Mapping[str, Mapping[str, int]]
    four_levels: Agreement
    acceptable: Agreement

    def to_fields(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "systems": {name: dict(counts) for name, counts in self.counts.items()},
            "agreement": {"four_levels": self.four_levels.to_fields(), "acceptable": self.acceptable.to_fields()},
        }


def write_sheet(folder: Path, results: Mapping[str, Result], tasks: int | None, raters: int, seed: int = 0) -> RatingSheet:
    """Write the page on which answers are graded, and who wrote which; return the sheet.

    `results` are by the systems' names; so many `tasks` that all of them answered are drawn by `seed`, or all. Raises
    `InputError` where there are too few systems or no task in common, and where the folder holds the page of another sample.
    """
    sheet, items = _drawn(results, tasks, seed)
    earlier = _earlier(folder)
    if earlier is not None and earlier != sheet:
        raise InputError(
            f"{folder}: holds the page of another sample, of {len(earlier.order)} tasks, whose marks could then not be read;"
            " name another folder."
        )
    shown = {"title": f"Answers to {len(items)} tasks", "heading": "Rating", "raters": raters, "systems": len(results)}
    told = {"format": FORMAT, "sample": sheet.id, "items": items}
    for name, text in (
        (PAGE, page("rating.html.jinja", told, **shown)),
        (SYSTEMS, json.dumps(sheet.to_fields(), indent=1) + "\n"),
    ):
        with new_file(folder / name, "folder") as file:
            file.write(text)
    return sheet


def _earlier(folder: Path) -> RatingSheet | None:
    """Return the sheet that a folder has; None where it has none that could be read."""
    try:
        return RatingSheet.read(folder)
    except InputError:
        return None


def read_grades(sheet: RatingSheet, files: Sequence[Path]) -> Ratings:
    """Return what people said in the files that they saved, each as they spoke last.

    Raises `InputError` that names the file and the mark.
    """
    ratings = [*{(one.item, one.rater): one for file in files for one in _ratings(sheet, file)}.values()]
    counts = {name: Counter(one.label for one in ratings if _system(one) == name) for name in sheet.systems}
    order = [grade.value for grade in Grade]
    merged = [Rating(one.item, one.rater, ACCEPTABLE if one.label in GOOD else "C or D") for one in ratings]
    return Ratings(
        {name: {grade: found[grade] for grade in order} for name, found in counts.items()},
        agreement(ratings, order),
        agreement(merged, (ACCEPTABLE, "C or D")),
    )


def _drawn(results: Mapping[str, Result], tasks: int | None, seed: int) -> tuple[RatingSheet, list[dict[str, str]]]:
    if len(results) < 2:
        raise InputError("one system alone has nothing beside it; name two evaluations or more.")
    by_id = {name: {each.instance.id: each for each in result.scored} for name, result in results.items()}
    shared = [one for one in next(iter(by_id.values())) if all(one in own for own in by_id.values())]
    if not shared:
        raise InputError("the systems answered no task in common; name answers to one task set.")
    drawn = HashDraws(f"{seed}:rated").sample(shared, min(tasks or len(shared), len(shared)))
    order = {item: tuple(HashDraws(f"{seed}:{item}").sample([*results], len(results))) for item in drawn}
    items = [_item(item, [by_id[system][item] for system in order[item]]) for item in drawn]
    digests = {one["item"]: one["digest"] for one in items}
    digest = blake2b("\n".join(digests.values()).encode(), digest_size=6).hexdigest()
    return RatingSheet(digest, tuple(results), order, digests), items


def _item(name: str, answers: Sequence[Any]) -> dict[str, str]:
    asked = asked_in(answers)
    texts = {
        "instruction": asked.instruction, "input": asked.input, "reference": asked.references[0],
        **{f"answer_{place}": each.answer.text.strip() for place, each in enumerate(answers)},
    }  # fmt: skip
    digest = blake2b("\0".join(texts.values()).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return {"item": name, "digest": digest, **readable_texts(texts)}


def _ratings(sheet: RatingSheet, file: Path) -> Iterator[Rating]:
    rater, _, marks = saved_marks(file, FORMAT, {sheet.id}, "folder")
    seen: set[str] = set()
    for number, mark in enumerate(marks, start=1):
        place, item = f"{file}: mark {number}", str(mark.get("item"))
        if item not in sheet.order or item in seen:
            raise InputError(f"{place}: item {item[:30]!r} is none of the page's, or is there twice.")
        if mark.get("digest") != sheet.digests[item]:
            raise InputError(f"{place}: was made of another text than the page's item {item}.")
        seen.add(item)
        for at, system in enumerate(sheet.order[item]):
            grade = mark.get(f"grade_{at}")
            if grade not in list(Grade):
                raise InputError(f"{place}: field 'grade_{at}' is {json.dumps(grade)[:30]}; expected {', '.join(Grade)}.")
            yield Rating(f"{item}\0{system}", rater, str(grade))


def _system(rating: Rating) -> str:
    return rating.item.rpartition("\0")[2]

"""Read the files that people saved on the review page, and keep their marks as verdicts of theirs."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.errors import InputError
from self_instruct.records.json_text import json_text, storable
from self_instruct.records.judgements import Answer, Criterion
from self_instruct.records.marks import MOST_NAME, Grade, Mark, MarkReason, person_stage
from self_instruct.records.tasks import Verdict
from self_instruct.records.user_files import user_text
from self_instruct.reports.review.instances import ReviewedInstance, reviewed_instances
from self_instruct.reports.review.sample import ReviewSample, known_samples
from self_instruct.reports.text import shortened

FORMAT = "self-instruct review 1"
MOST_NOTE = 10_000


class ReviewFileError(InputError):
    """A file that was not saved by a review page of this run; nothing was stored."""


@dataclass(frozen=True, slots=True)
class ReadReview:
    """What was read of one file: whose marks they are, how many of how many, and how many were new or changed."""

    file: Path
    rater: str
    marks: int
    of: int
    stored: int


@dataclass(frozen=True, slots=True)
class _Review:
    sample: ReviewSample
    rater: str
    marks: tuple[tuple[ReviewedInstance, Mark], ...]


def read_reviews(ledger: Ledger, plan: RunPlan, files: Sequence[Path]) -> list[ReadReview]:
    """Store the marks of files; all of them or, where one cannot be read, none.

    A mark that is stored already is passed over; one that differs is stored behind the earlier, and stands. Raises
    `ReviewFileError`.
    """
    by_name = {each.name: each for each in reviewed_instances(ledger, plan)}
    samples = known_samples(ledger)
    reviews = [(file, _review(file, samples, by_name)) for file in files]
    with ledger.transaction():
        return [
            ReadReview(file, one.rater, len(one.marks), len(one.sample.items), _store(ledger, one)) for file, one in reviews
        ]


def _store(ledger: Ledger, review: _Review) -> int:
    stage = person_stage(review.rater)
    stored = 0
    for about, mark in review.marks:
        before = [one for one in ledger.verdicts_of(about.task) if one.stage == stage and one.instance == about.position]
        if before and Mark.of(before[-1].answers) == mark:
            continue
        ledger.add_verdicts(about.task, [Verdict(stage, about.position, mark.answers(), len(before) + 1)])
        stored += 1
    return stored


def _review(file: Path, samples: Mapping[str, ReviewSample], by_name: Mapping[str, ReviewedInstance]) -> _Review:
    rater, sample, marks = saved_marks(file, FORMAT, samples, "run")
    return _Review(samples[sample], rater, tuple(_marks(file, marks, samples[sample], by_name)))


def saved_marks(file: Path, form: str, samples: Collection[str], of: str) -> tuple[str, str, list[dict[str, Any]]]:
    """Return who saved a file on a page of this format, of which of the `samples`, and the marks as they stand there.

    `of` says what the samples are of. Raises `ReviewFileError` where the file is none that a page saved.
    """
    said = _object(file)
    if said.get("format") != form:
        raise ReviewFileError(f"{file}: was not saved by a {form.split()[1]} page; expected a field 'format' of {form!r}.")
    sample = str(said.get("sample"))
    if sample not in samples:
        raise ReviewFileError(f"{file}: is of a sample that was not drawn from this {of}; read it into the {of} it is of.")
    marks = said.get("marks")
    if not isinstance(marks, list):
        raise ReviewFileError(f"{file}: field 'marks' is no list.")
    for number, mark in enumerate(marks, start=1):
        if not isinstance(mark, dict):
            raise ReviewFileError(f"{file}: mark {number}: is no JSON object.")
    return _rater(file, said.get("rater")), sample, marks


def _object(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(user_text(file, "what the review page saved", ReviewFileError))
    except json.JSONDecodeError as error:
        raise ReviewFileError(f"{file}:{error.lineno}: is not JSON ({error.msg}).") from None
    except (ValueError, RecursionError) as error:
        raise ReviewFileError(f"{file}: is not JSON ({error}).") from None
    if not isinstance(said, dict):
        raise ReviewFileError(f"{file}: is no JSON object; give the file as the review page saved it.")
    return said


def _rater(file: Path, name: object) -> str:
    if not isinstance(name, str) or not (clean := " ".join(name.split())) or len(clean) > MOST_NAME or not clean.isprintable():
        raise ReviewFileError(f"{file}: field 'rater' is no name; expected 1 to {MOST_NAME} characters that can be printed.")
    return clean


def _marks(
    file: Path, marks: Sequence[Mapping[str, Any]], sample: ReviewSample, by_name: Mapping[str, ReviewedInstance]
) -> Iterator[tuple[ReviewedInstance, Mark]]:
    drawn = {item.name for item in sample.items}
    for number, fields in enumerate(marks, start=1):
        place = f"{file}: mark {number}"
        about = by_name.get(str(fields.get("item")))
        if about is None or about.name not in drawn:
            raise ReviewFileError(f"{place}: item {shortened(str(fields.get('item')), 30)!r} is none of the sample.")
        if fields.get("digest") != about.digest:
            raise ReviewFileError(f"{place}: was made of another text than the run's item {about.name}.")
        drawn.remove(about.name)
        yield about, _mark(place, fields)


def _mark(place: str, fields: Mapping[str, Any]) -> Mark:
    said = {one.value: Answer(_one_of(place, fields, one.value, Answer)) for one in Criterion}
    reasons = fields.get("reasons", [])
    if not isinstance(reasons, list) or not all(each in list(MarkReason) for each in reasons):
        raise ReviewFileError(f"{place}: field 'reasons' is no list of the page's reasons.")
    note = fields.get("note", "")
    if not isinstance(note, str) or len(note) > MOST_NOTE:
        raise ReviewFileError(f"{place}: field 'note' is no text of at most {MOST_NOTE:,} characters.")
    grade = Grade(_one_of(place, fields, "grade", Grade))
    return Mark(**said, grade=grade, reasons=tuple(dict.fromkeys(map(MarkReason, reasons))), note=storable(note))


def _one_of(place: str, fields: Mapping[str, Any], name: str, kind: type[Answer] | type[Grade]) -> str:
    if (value := fields.get(name)) not in list(kind):
        shown = shortened(json_text(value), 30)
        raise ReviewFileError(f"{place}: field {name!r} is {shown}; expected {', '.join(kind)}.")
    return str(value)

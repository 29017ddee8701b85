"""Read seed files: ours, the original's `seed_tasks.jsonl`, or any user's in that format.

One JSON object a line: `id, name, instruction, instances: [{input, output}], is_classification`, and optionally `domain`; an
instance may have an `image`, a path beside the file or a data URL. Every fault is named by file and line.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from self_instruct.records.errors import SeedFileError
from self_instruct.records.json_text import json_text
from self_instruct.records.tasks import Instance, SeedTask
from self_instruct.records.user_files import user_text
from self_instruct.seeds.images import check_images

MAX_FAULTS_SHOWN = 10


@cache
def shipped_seeds() -> tuple[SeedTask, ...]:
    """Return the 175 seed tasks that ship with this package."""
    source = files(__package__) / "data" / "seed_tasks.jsonl"
    seeds, faults = parse_seeds(source.read_text(encoding="utf-8").splitlines(), "seed_tasks.jsonl")
    if faults:
        raise SeedFileError("\n".join(faults))
    return tuple(seeds)


def load_seeds(path: str | PathLike[str]) -> tuple[SeedTask, ...]:
    """Return the seed tasks of a file.

    Raises `SeedFileError` with a line for each fault (the first ten), or where the file is missing, not UTF-8, or empty.
    """
    seeds, faults = read_seeds(Path(path))
    if faults:
        raise SeedFileError(first_faults(faults))
    return tuple(seeds)


def read_seeds(path: Path) -> tuple[list[SeedTask], list[str]]:
    """Return the seed tasks of a file that can be read, and a sentence `file:line: ...` for each that cannot."""
    lines = user_text(path, "a JSONL file of seed tasks", SeedFileError).split("\n")
    seeds, faults = parse_seeds(lines, str(path), path.parent)
    if not seeds and not faults:
        raise SeedFileError(f"{path}: is empty; expected one seed task as a JSON object a line.")
    return seeds, faults


def first_faults(faults: Sequence[str]) -> str:
    """Return a line for each of the first ten faults, and how many more there are."""
    more = [f"... and {len(faults) - MAX_FAULTS_SHOWN} more."] if len(faults) > MAX_FAULTS_SHOWN else []
    return "\n".join([*faults[:MAX_FAULTS_SHOWN], *more])


def parse_seeds(lines: Sequence[str], source: str, folder: Path = Path()) -> tuple[list[SeedTask], list[str]]:
    """Return the seed tasks in `lines`, and the faults, each beginning with `source:line:`; images are named from `folder`."""
    seeds: list[SeedTask] = []
    faults: list[str] = []
    first_lines: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            seed = _seed(line)
            check_images(seed, folder)
            if seed.id in first_lines:
                raise ValueError(f"id {seed.id!r} was used in line {first_lines[seed.id]} already; give each task its own.")
        except ValueError as error:
            faults.append(f"{source}:{number}: {error}")
        else:
            first_lines[seed.id] = number
            seeds.append(seed)
    return seeds, faults


def _seed(line: str) -> SeedTask:
    try:
        fields = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"is not JSON ({error}); expected one seed task as a JSON object.") from None
    return seed_from_fields(fields)


def seed_from_fields(fields: Any) -> SeedTask:
    """Return the seed task that a JSON object describes, or raise ValueError saying which field is wrong, and how."""
    if not isinstance(fields, dict):
        raise ValueError(f"is a JSON {type(fields).__name__}; expected an object with an instruction and instances.")
    return SeedTask(
        id=_text(fields, "id"),
        name=_text(fields, "name"),
        instruction=_filled(fields, "instruction"),
        instances=tuple(_instances(fields)),
        is_classification=_flag(fields, "is_classification"),
        domain=_text(fields, "domain") if "domain" in fields else "",
    )


def seed_to_fields(seed: SeedTask) -> dict[str, Any]:
    """Return the JSON object that `seed_from_fields` reads back."""
    return {**asdict(seed), "instances": [_instance_to_fields(one) for one in seed.instances]}


def _instance_to_fields(one: Instance) -> dict[str, str]:
    return {"input": one.input, "output": one.output, **({"image": one.image} if one.image else {})}


def _instances(fields: Mapping[str, Any]) -> Iterator[Instance]:
    found = _field(fields, "instances", list, "a list of {input, output} objects")
    if not found:
        raise ValueError("field 'instances' is empty; a seed task needs at least one instance.")
    for position, one in enumerate(found, 1):
        if not isinstance(one, dict):
            raise ValueError(f"instance {position} is not an object; expected {{input, output}}.")
        try:
            yield Instance(_text(one, "input"), _filled(one, "output"), _text(one, "image") if "image" in one else "")
        except ValueError as error:
            raise ValueError(f"instance {position}: {error}") from None


def _text(fields: Mapping[str, Any], name: str) -> str:
    text: str = _field(fields, name, str, "text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"field {name!r} holds half of a surrogate pair; expected valid Unicode text.") from None
    return text


def _filled(fields: Mapping[str, Any], name: str) -> str:
    text = _text(fields, name)
    if not text.strip():
        raise ValueError(f"field {name!r} is empty; expected text.")
    return text


def _flag(fields: Mapping[str, Any], name: str) -> bool:
    return bool(_field(fields, name, bool, "true or false"))


def _field(fields: Mapping[str, Any], name: str, kind: type, expected: str) -> Any:
    if name not in fields:
        raise ValueError(f"field {name!r} is missing; expected {expected}.")
    if not isinstance(fields[name], kind):
        raise ValueError(f"field {name!r} is {json_text(fields[name])[:40]}; expected {expected}.")
    return fields[name]

"""The review page: one HTML file that needs no network and shows one instance at a time, blind to judge and model.

`page` makes others of the same look, on which several answers to one task are graded side by side.

What a model wrote is untrusted: it stands in the page as JSON in which no tag can end, is put there as text, and the page's own
policy runs no script but ours, which it names by its hash, and loads nothing from anywhere.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from self_instruct.records.judgements import Answer, Criterion
from self_instruct.records.marks import MOST_NAME, Grade, MarkReason
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.reports.review.reading import FORMAT, MOST_NOTE
from self_instruct.reports.review.sample import ReviewSample
from self_instruct.reports.text import readable
from self_instruct.seeds.images import Image

QUESTIONS = {
    Criterion.VALID: "Is it a valid task?",
    Criterion.INPUT_FITS: "Does the input fit the task?",
    Criterion.OUTPUT_CORRECT: "Is the output correct and acceptable?",
}
GRADES = {
    Grade.A: "right, and as one would wish it",
    Grade.B: "acceptable, with a small fault",
    Grade.C: "answers the task, with a serious fault",
    Grade.D: "beside the task, or of no use",
}
_MOST_SHOWN = 20_000  # characters of a text


def review_page(
    sample: ReviewSample, instances: Sequence[ReviewedInstance], image_of: Callable[[ReviewedInstance], Image | None]
) -> str:
    """Return the page of a sample; `instances` are at least those in it, and `image_of` says what each is about."""
    by_name = {each.name: each for each in instances}
    chosen = [by_name[item.name] for item in sample.items]
    items = [{**_shown(each), **_image(image_of(each))} for each in chosen]
    return page(
        "review.html.jinja",
        {"format": FORMAT, "sample": sample.id, "items": items},
        title=f"Review of {len(sample.items)} examples",
        heading="Review",
        raters=sample.raters,
        questions=[(each.value, text) for each, text in QUESTIONS.items()],
        answers=[each.value for each in Answer],
        reasons=[each.value for each in MarkReason],
    )


def page(template: str, data: Mapping[str, Any], **shown: Any) -> str:
    """Return a page of this look. `data` has its `format`, the `sample` and the `items` that are marked one after another."""
    return (
        templates_of(__package__)
        .get_template(template)
        .render(
            data=Markup(_json(data)),  # noqa: S704 (JSON, in which no tag ends)
            count=len(data["items"]),
            grades=[(each.value, text) for each, text in GRADES.items()],
            most_name=MOST_NAME,
            most_note=MOST_NOTE,
            **style_and_script(__package__, "review"),
            **shown,
        )
    )


def readable_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts as a page shows them, none so long that it cannot."""
    return {name: readable(text, _MOST_SHOWN) for name, text in texts.items()}


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _shown(each: ReviewedInstance) -> dict[str, Any]:
    texts = {"instruction": each.instruction, "input": each.instance.input, "output": each.instance.output}
    return {"item": each.name, "digest": each.digest} | readable_texts(texts)


def _image(image: Image | None) -> dict[str, str]:
    return {} if image is None else {"image": image.data_url()}


@cache
def templates_of(package: str) -> Environment:
    """Return the templates of a package of pages: what they show is escaped."""
    loader = PackageLoader(package)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def style_and_script(package: str, name: str) -> dict[str, str]:
    """Return a package's own style and script as a page shows them, and the hash by which its policy knows the script."""
    folder = files(package).joinpath("templates")
    style, script = (folder.joinpath(f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"style": Markup(style), "script": Markup(script), "script_hash": f"sha256-{digest}"}  # noqa: S704 (ours)

"""What is different in a run whose tasks are about images: its settings, its questions, and which image each is about.

The n-th instruction request shows an image, and so does every question about the tasks that it brings: one that was written
about an image is answered, judged and improved with that image. Images come in turn, in an order drawn by the run's seed, so
that each is used as often as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from self_instruct.chains.models.names import FOLDER_PREFIX, is_completion_model
from self_instruct.chains.models.question import Question
from self_instruct.prompts.image_prompt import ImagePromptValue
from self_instruct.records.errors import SettingsError
from self_instruct.records.tasks import SeedTask, StageName
from self_instruct.retrievers.draws import draws
from self_instruct.seeds.images import Image, Images, load_images
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import Settled

ABOUT_IMAGES = "a run about images"
"""The origin of what is set in a run because it is about images."""
SEEN_NOTHING = StageName.CLASSIFICATION
"""The stage that is told an instruction alone, and needs no image."""
_BANNED = "instructions.banned_words"
_WORDS_FOR_IMAGES = frozenset({
    "image", "images", "graph", "graphs", "picture", "pictures", "map", "maps", "Bild", "Bilder", "Bildes", "Grafik",
    "Grafiken", "Diagramm", "Diagramme", "Foto", "Fotos", "Landkarte", "Landkarten",
})  # fmt: skip
_OF_TEXTS = ("verifiers.image_talk", "verifiers.missing_input")
_MIN_LABELS = "instances.min_labels"


def images_of(settings: Settings, seeds: Sequence[SeedTask]) -> Images | None:
    """Return the images of a new run; None where it is about texts. Raises `ImageError`."""
    folder = Path(settings.images) if settings.images else None
    return load_images(folder, seeds, Path(settings.seeds).parent if settings.seeds else Path())


def about_images(given: Layer, settled: Settled) -> Layer:
    """Return what was given with what a run about images sets where nothing is said of it.

    Words for images are not banned, the verifiers that find talk of an image, or no input, do not look, and a classification
    task has the one label that fits its image.
    """
    banned = settled.settings.instructions.banned_words
    words = [word for word in banned if word not in _WORDS_FOR_IMAGES]
    return given.over(Layer.said({_BANNED: words, **dict.fromkeys(_OF_TEXTS, "off"), _MIN_LABELS: 0}, ABOUT_IMAGES))


def moved(images: Images | None, folder: Path) -> Images:
    """Return a run's images from the folder that is named now; raises `SettingsError` or `ImageError` where they are others."""
    if images is None:
        raise SettingsError("this run was started without images; leave out `images`, or start another run.")
    return images.elsewhere(folder)


def check_seeing(settings: Settings) -> None:
    """Raise `SettingsError` where a stage that is shown an image has a model that reads text alone."""
    for stage in settings.stage_names:
        name = settings.model_of(stage) or ""
        if stage != SEEN_NOTHING and (is_completion_model(name) or name.startswith(FOLDER_PREFIX)):
            raise SettingsError(f"{name!r} goes on with a text and sees no image; name a chat model that does for {stage}.")


def drawn_image(pool: Sequence[Image], draw: int, seed: int, request: int) -> Image:
    """Return the image of an instruction request: all of them in turn, each time in another order."""
    turn, place = divmod(request, len(pool))
    return pool[_order(len(pool), draw, seed, turn)[place]]


@lru_cache(maxsize=8)
def _order(count: int, draw: int, seed: int, turn: int) -> Sequence[int]:
    order = list(range(count))
    draws(draw, seed, "images", turn).shuffle(order)
    return order


def shown_with(image: Image, question: Question) -> Question:
    """Return a question with an image; that of a stage that needs none as it is."""
    if question.id.stage == SEEN_NOTHING:
        return question
    return replace(question, prompt=ImagePromptValue(prompt=question.prompt, image=image.block(), label=image.label))

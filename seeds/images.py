"""The images that a run's tasks are about: a folder of the user's, or those of its seed tasks.

An image is named by its place in the folder, or beside the seed file, or is a data URL itself; its SHA-256 stays with the run,
so that another file in its place is noticed. What an image shows is the model's business: only its kind is looked at.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from self_instruct.records.errors import ImageError
from self_instruct.records.tasks import SeedTask

MOST_BYTES = 5 * 2**20  # what Anthropic takes of one image; OpenAI takes more
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
DATA_URL = "data:"
_BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
_WEB = ("http://", "https://", "ftp://", "//")
_SHOWN = 40  # characters of a data URL


@dataclass(frozen=True, slots=True)
class Image:
    """An image by its name: a path within `folder`, or a data URL. `size` is in bytes."""

    name: str
    folder: str
    sha256: str
    size: int
    mime_type: str

    @classmethod
    def found(cls, name: str, folder: Path) -> Self:
        """Return the image of that name in a folder; raises `ImageError` where it is missing, too large or none."""
        content = _content(name, folder)
        return cls(name, str(folder.resolve()), sha256(content).hexdigest(), len(content), _kind(content, name, folder))

    @property
    def label(self) -> str:
        """What stands for it where only text can: its name and the beginning of its hash."""
        return f"[image: {_shown(self.name)}, sha256 {self.sha256[:16]}]"

    def content(self) -> bytes:
        """Return its bytes; raises `ImageError` where they are not those that the run began with."""
        content = _content(self.name, Path(self.folder))
        if sha256(content).hexdigest() != self.sha256:
            raise ImageError(f"{Path(self.folder) / self.name}: has changed since the run began with it; put the old one back.")
        return content

    def base64(self) -> str:
        """Return its bytes as text."""
        return b64encode(self.content()).decode()

    def data_url(self) -> str:
        """Return all of it as an address."""
        return f"{DATA_URL}{self.mime_type};base64,{self.base64()}"

    def block(self) -> dict[str, str]:
        """Return it as a standard content block of LangChain's messages."""
        return {"type": "image", "base64": self.base64(), "mime_type": self.mime_type}


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a run: `pool` is what its tasks are about, each once; `seeds` are those that its seed tasks name."""

    pool: tuple[Image, ...]
    seeds: Mapping[str, Image]

    def elsewhere(self, folder: Path) -> Self:
        """Return the same images from another folder; raises `ImageError` where one of them is not there, or is another."""
        moved = tuple(replace(one, folder=str(folder.resolve())) for one in self.pool)
        for one in moved:
            one.content()
        return replace(self, pool=moved)

    def to_fields(self) -> dict[str, Any]:
        """Return the JSON values that `from_fields` reads back."""
        return {"pool": [asdict(one) for one in self.pool], "seeds": [asdict(one) for one in self.seeds.values()]}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Return stored images; raises `TypeError` or `LookupError` for anything else."""
        named = (Image(**one) for one in fields["seeds"])
        return cls(tuple(Image(**one) for one in fields["pool"]), {one.name: one for one in named})


def load_images(folder: Path | None, seeds: Sequence[SeedTask], seed_folder: Path) -> Images | None:
    """Return the images of a run: those of a folder, else those of its seed tasks; None where there are neither.

    Raises `ImageError` where one cannot be used, or where a seed task has none although the run is about images.
    """
    named = list(dict.fromkeys(one.image for seed in seeds for one in seed.instances if one.image))
    if folder is None and not named:
        return None
    bare = next((seed for seed in seeds if not all(one.image for one in seed.instances)), None)
    if bare:
        raise ImageError(
            f"the seed task {bare.id!r} has an instance without `image`; in a run about images each one has one:"
            ' {"image": "a.png", "input": "", "output": ...}.'
        )
    of_seeds = {name: Image.found(name, seed_folder) for name in named}
    return Images(tuple(of_seeds.values()) if folder is None else tuple(_in_folder(folder)), of_seeds)


def check_images(seed: SeedTask, folder: Path) -> None:
    """Raise `ValueError` that says which image of a seed task cannot be used, and why."""
    for position, one in enumerate(seed.instances, 1):
        if one.image:
            try:
                Image.found(one.image, folder)
            except ImageError as error:
                raise ValueError(f"instance {position}: {error}") from None


def _in_folder(folder: Path) -> Iterator[Image]:
    if not folder.is_dir():
        raise ImageError(f"{folder}: is no folder; expected one with images ({', '.join(SUFFIXES)}).")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise ImageError(f"{folder}: holds no image; expected {', '.join(SUFFIXES)}.")
    yield from _each_once(Image.found(path.relative_to(folder).as_posix(), folder) for path in paths)


def _each_once(images: Iterable[Image]) -> Iterator[Image]:
    seen: set[str] = set()
    for one in images:
        if one.sha256 not in seen:
            seen.add(one.sha256)
            yield one


def _content(name: str, folder: Path) -> bytes:
    if name.startswith(_WEB):
        raise ImageError(f"image {name!r}: is an address of the web; save the image, and name the file.")
    content = _decoded(name) if name.startswith(DATA_URL) else _read(folder / name)
    if len(content) > MOST_BYTES:
        raise ImageError(
            f"{_place(name, folder)}: is larger than {MOST_BYTES // 2**20} MiB, more than models take; scale it down."
        )
    return content


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # a name may hold a NUL
        raise ImageError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}); expected an image.") from None


def _decoded(url: str) -> bytes:
    head, comma, data = url.partition(",")
    try:
        if not comma or not head.endswith(";base64"):
            raise ValueError
        return b64decode(data, validate=True)
    except (ValueError, Base64Error):
        raise ImageError(f"image {_shown(url)!r}: is no data URL; expected data:image/png;base64,... .") from None


def _kind(content: bytes, name: str, folder: Path) -> str:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    kind = next((kind for beginning, kind in _BEGINNINGS.items() if content.startswith(beginning)), None)
    if kind is None:
        raise ImageError(f"{_place(name, folder)}: is no PNG, JPEG, GIF or WebP image.")
    return kind


def _place(name: str, folder: Path) -> str:
    return f"image {_shown(name)!r}" if name.startswith(DATA_URL) else str(folder / name)


def _shown(name: str) -> str:
    return f"{name[:_SHOWN]}..." if name.startswith(DATA_URL) and len(name) > _SHOWN else name

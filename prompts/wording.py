"""The words of a run's prompts as one set: templates with their complaints, and the few-shot tasks that they show.

The sets that ship with us are by language; a user's directory replaces any file of one by name, or all of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from self_instruct.prompts.template_files import Templates, in_language
from self_instruct.records.errors import InputError, TemplateError
from self_instruct.records.tasks import SeedTask
from self_instruct.seeds.few_shot_tasks import (
    FewShotTasks,
    few_shot_tasks_from_yaml,
    few_shot_tasks_to_yaml,
    shipped_few_shot_tasks,
)
from self_instruct.seeds.loading import shipped_seeds
from self_instruct.settings.sections import ENGLISH, Language

FEW_SHOT_FILE = "demonstrations.yaml"


@dataclass(frozen=True, slots=True)
class Wording:
    """What a model is told, but for what a run fills in."""

    templates: Templates
    shown: FewShotTasks

    @classmethod
    def load(cls, language: Language = ENGLISH, directory: Path | None = None, also: Collection[str] = ()) -> Self:
        """Return the set of a language, each file of it replaced by that of the same name in `directory`, if there is one.

        Raises `TemplateError` or `SeedFileError` for what cannot be used there (see `Templates.load`).
        """
        templates = Templates.load(directory, also, language, others=(FEW_SHOT_FILE,))
        own = directory / FEW_SHOT_FILE if directory else None
        return cls(templates, _read(own) if own and own.is_file() else few_shot_tasks_in(language))

    def copy(self, directory: Path) -> list[Path]:
        """Write every file of the set into a new or empty directory, and return them; nothing is overwritten.

        Raises `InputError` where one cannot be written, and then leaves none there.
        """
        texts = {**self.templates.sources, FEW_SHOT_FILE: few_shot_tasks_to_yaml(self.shown)}
        begun: list[Path] = []
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if any(directory.iterdir()):
                raise InputError(f"{directory}: is not empty; name a new directory.")
            for name, text in texts.items():
                begun.append(directory / name)
                begun[-1].parent.mkdir(parents=True, exist_ok=True)
                begun[-1].write_text(text, encoding="utf-8")
        except OSError as error:
            for path in begun:
                path.unlink(missing_ok=True)
            raise InputError(f"{directory}: cannot be written: {error.strerror or error}.") from error
        return sorted(begun)


def few_shot_tasks_in(language: Language) -> FewShotTasks:
    """Return the few-shot tasks that ship with us in a language."""
    if language == ENGLISH:
        return shipped_few_shot_tasks()
    return few_shot_tasks_from_yaml(in_language(language, FEW_SHOT_FILE), FEW_SHOT_FILE)


def seeds_in(language: Language) -> tuple[SeedTask, ...]:
    """Return the seed tasks that ship with us in a language: 175 in English, else those of its few-shot prompts."""
    return shipped_seeds() if language == ENGLISH else few_shot_tasks_in(language).all


def _read(path: Path) -> FewShotTasks:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{path}: cannot be read: {error}.") from None
    return few_shot_tasks_from_yaml(text, str(path))

"""The templates of a run: ours, each replaced by a user's file of the same name, compiled at first use.

Whatever a user's template does wrong is one `TemplateError` that names the file, the line where it is known, and what failed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from secrets import token_hex
from traceback import walk_tb

from jinja2 import FunctionLoader, TemplateNotFound, TemplateSyntaxError, meta

from self_instruct.prompts.sandbox import MOST_TEXT, BoundedEnvironment
from self_instruct.records.errors import TemplateError
from self_instruct.settings.sections import ENGLISH, Language

SUFFIX = ".jinja"
CHAT_SUFFIX = ".chat" + SUFFIX
AGAIN = "_again"
SYSTEM = "system" + SUFFIX
TURN = f"\x1e{token_hex(8)}\x1e"  # what `{{ turn }}` is: of this process alone, so that no text holds it
_YAML = frozenset({".yaml", ".yml"})
_OTHER_SUFFIXES = (".jinja2", ".j2")  # of files that are meant as templates


class Templates:
    """A set of Jinja templates by file name.

    `sources` maps names to texts, `folder` is where they came from and appears in error messages only. `sources` is all
    there is to store of a run's templates.
    """

    def __init__(self, sources: Mapping[str, str], folder: str = "templates") -> None:
        self.sources = dict(sources)
        self.folder = folder
        self._environment = BoundedEnvironment(FunctionLoader(self._source))
        self._environment.globals["turn"] = TURN
        self._compiled = cache(self._environment.get_template)  # looking there again takes a third of a rendering
        self._known: dict[str, tuple[set[str], set[str | None]]] = {}

    def __reduce__(self) -> tuple[type[Templates], tuple[dict[str, str], str]]:
        return Templates, (self.sources, self.folder)  # what is compiled cannot be copied or sent elsewhere

    @classmethod
    def load(
        cls,
        directory: Path | None = None,
        also: Collection[str] = (),
        language: Language = ENGLISH,
        others: Collection[str] = (),
    ) -> Templates:
        """Return our templates in a language, each replaced by the file of the same name in `directory`, if there is one.

        `others` are files there that are no templates; where one is, there need be no template.

        Raises `TemplateError` where `directory` is not a folder, holds a file that is not UTF-8 or no Jinja, or no template at
        all, or one that nothing uses: it is named neither as one of ours nor in `also`, and included by no other.
        """
        sources = _shipped(language)
        if directory is None:
            return cls(sources)
        theirs = _read_directory(directory, others)
        templates = cls(_over(sources, theirs), folder=str(directory))
        included = {name for template in theirs for name in templates._asked_and_included(template)[1]}
        for name in sorted(theirs.keys() - {*sources, *also, *included}):
            if None not in included:  # else one is included by a name that only rendering finds
                nearest = get_close_matches(name, [*sources, *also], 1, cutoff=0)[0]
                raise TemplateError(f"{directory}/{name}: no prompt uses it, and no template includes it; is it {nearest}?")
        return templates

    @classmethod
    def stored(cls, sources: Mapping[str, str], folder: str) -> Templates:
        """Return the templates of a run that goes on.

        One of an earlier version may lack what it never asked with; it had no forms for chat models, and gets none now.
        """
        ours = {name: text for name, text in _shipped(ENGLISH).items() if not name.endswith(CHAT_SUFFIX)}
        return cls(ours | dict(sources), folder)

    def variables(self, name: str) -> frozenset[str]:
        """Return the variables that a template asks for, with those of the templates it includes by name."""
        found: set[str] = set()
        looked_at: set[str | None] = set()
        waiting: set[str | None] = {name}
        while waiting:
            one = waiting.pop()
            looked_at.add(one)
            if one in self.sources or one == name:  # another is named when it is rendered
                asked, included = self._asked_and_included(one)
                found |= asked
                waiting |= included - looked_at
        return frozenset(found)

    def _asked_and_included(self, name: str) -> tuple[set[str], set[str | None]]:
        """Return the variables that a template asks for, and the templates it includes; None for one only rendering finds."""
        if name not in self._known:
            if name not in self.sources:
                raise TemplateError(f"{self.folder}/{name}: there is no such template.")
            try:
                tree = self._environment.parse(self.sources[name], name)
                self._known[name] = meta.find_undeclared_variables(tree), set(meta.find_referenced_templates(tree))
            except Exception as error:
                raise self._translated(name, error) from error
        return self._known[name]

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """Return the template's text with the variables filled in, or raise `TemplateError` naming the file."""
        self._environment.begin()
        try:
            return self._compiled(name).render(variables)
        except Exception as error:  # a template may raise anything
            raise self._translated(name, error) from error

    def _source(self, name: str) -> tuple[str, str, None] | None:
        return (self.sources[name], f"{self.folder}/{name}", None) if name in self.sources else None

    def _translated(self, name: str, error: Exception) -> TemplateError:
        if isinstance(error, TemplateSyntaxError):
            place = f"{self.folder}/{error.name if error.name in self.sources else name}:{error.lineno}"
        else:
            within = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
            known = {f"{self.folder}/{source}" for source in self.sources}
            place = next((f"{file}:{line}" for file, line in reversed(within) if file in known), f"{self.folder}/{name}")
        if isinstance(error, TemplateNotFound):
            return TemplateError(f"{place}: the template {error.name!r} does not exist.")
        said = str(getattr(error, "message", "") or getattr(error, "msg", "") or error)  # without a line of generated code
        return TemplateError(f"{place}: {' '.join(said.split()).rstrip('.') or type(error).__name__}.")


def in_language(language: Language, name: str) -> str:
    """Return a file of the set that ships with us in a language other than English."""
    return (files(__package__) / "languages" / language / name).read_text(encoding="utf-8")


def _shipped(language: Language) -> dict[str, str]:
    """Return our templates in English, each replaced by its translation."""
    english = _texts(files(__package__) / "templates")
    return english if language == ENGLISH else _over(english, _texts(files(__package__) / "languages" / language))


def _texts(folder: Traversable) -> dict[str, str]:
    return {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(SUFFIX)}


def _over(ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Return templates, each replaced by another of the same name.

    One of the others that has no form for chat models is for them too: ours of that form gives way.
    """
    return {name: text for name, text in ours.items() if not _gives_way(name, theirs)} | dict(theirs)


def _gives_way(ours: str, theirs: Collection[str]) -> bool:
    stem = ours.removesuffix(CHAT_SUFFIX)
    first = stem.removesuffix(AGAIN)
    forms = {first + SUFFIX, stem + SUFFIX, SYSTEM} & set(theirs)
    return ours.endswith(CHAT_SUFFIX) and bool(forms) and first + CHAT_SUFFIX not in theirs


def _read_directory(directory: Path, others: Collection[str] = ()) -> dict[str, str]:
    try:
        paths = sorted(path for path in directory.iterdir() if path.name.endswith((SUFFIX, *_OTHER_SUFFIXES)))
        large = next((path for path in paths if path.stat().st_size > MOST_TEXT), None)
        found = {path.name: path.read_text(encoding="utf-8") for path in paths if not large}
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{directory}: templates cannot be read: {error}.") from None
    if large:
        raise TemplateError(f"{large}: is larger than {MOST_TEXT:,} bytes; is it a template?")
    near = next((path for path in sorted(directory.iterdir()) if path.suffix in _YAML and path.name not in others), None)
    if near and others:
        raise TemplateError(f"{near}: no prompt uses it; is it {get_close_matches(near.name, others, 1, cutoff=0)[0]}?")
    if not found and not any((directory / name).is_file() for name in others):
        raise TemplateError(f"{directory}: holds no *{SUFFIX} template; name one as ours, e.g. instructions{SUFFIX}.")
    return found

"""Settle a run's settings: flag, else `--set key=value`, else config file, else the run's own, else profile, else default.

Settings are nested; here they are named by dotted keys (`novelty.threshold`). Each settled value carries its origin, which
`status` shows. For a run that exists, deciding settings may be repeated but not changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from self_instruct.records.errors import SettingsError, sentence
from self_instruct.settings.dotted_keys import flatten, is_known, is_of_a_model, known_keys, nested, value_at
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import LANGUAGES, PROFILES
from self_instruct.settings.secrets import cut, holds_secret, is_secret_name, quoted
from self_instruct.settings.sections import ProfileName
from self_instruct.settings.settings import Settings, is_pacing, section_key

MOST_FAULTS = 10  # named in one message
AS_CONCURRENCY = "as many as concurrency"  # the origin of a window that nobody named
_NEVER_SHOWN = ("base_url", "model_options")  # where a value that is refused may hold a password
_SAYING_IT_ALL = (*_NEVER_SHOWN, "stages")


@dataclass(frozen=True, slots=True)
class Settled:
    """Checked settings, and the origin of every value by dotted key."""

    settings: Settings
    origins: Mapping[str, str]


def settle(said: Layer) -> Settled:
    """Return the settings of a new run: what was said, over its profile, over the defaults.

    Raises `SettingsError` that names every fault with its origin: what is unknown (and the nearest key), of the wrong type, or
    a secret.
    """
    profile: ProfileName = next((name for name in PROFILES if name == said.values.get("profile")), "modern")
    below = Layer.said(flatten(PROFILES[profile]), f"profile {profile}")
    language = str(said.values.get("language"))
    if language in LANGUAGES:
        below = Layer.said(flatten(LANGUAGES[language]), f"language {language}").over(below)
    settled = _settled(said, below)
    return _with_window(settled) if settled.origins["window"] == "default" else settled


def said_by(settings: object) -> dict[str, Any]:
    """Return what settings made in a program say, by dotted key: all that was given to them. Raises `SettingsError`."""
    if not isinstance(settings, Settings):
        raise SettingsError(f"settings is a Settings, such as Settings(profile='paper'), not a {type(settings).__name__}.")
    return flatten(settings.model_dump(mode="json", exclude_unset=True))


def settle_made(settings: object) -> Settings:
    """Return settings made in a program as a run has them: over their profile and language. Raises `SettingsError`."""
    return settle(Layer.said(said_by(settings), "Settings")).settings


def _with_window(settled: Settled) -> Settled:
    """Return settings in which nobody named a window with one that leaves no slot idle: as many as there are slots, if more."""
    settings = settled.settings
    if settings.concurrency <= settings.window:
        return settled
    wide = settings.model_copy(update={"window": settings.concurrency})
    return Settled(wide, {**settled.origins, "window": AS_CONCURRENCY})


def settle_again(said: Layer, stored: Settled) -> Settled:
    """Return the settings of a run that goes on: its own, with the pacing settings that were said.

    Raises `SettingsError` as `settle` does, and showing each deciding setting that is different now. A model may be named once
    for a stage that has none (those of an imported run).
    """
    ours = stored.settings.model_dump(mode="json")
    settled = _settled(said, Layer(flatten(ours), stored.origins))
    theirs = settled.settings.model_dump(mode="json")
    open_keys = tuple(_keys_of_unnamed_models(stored.settings))
    may_change = {key for key in said.values if is_pacing(key) or f"{key}.".startswith(open_keys)}
    different = [key for key in said.values if key not in may_change and value_at(ours, key) != value_at(theirs, key)]
    if different:
        shown = ", ".join(f"{key} = {quoted(value_at(ours, key))}, not {quoted(value_at(theirs, key))}" for key in different)
        raise SettingsError(f"this run was started with {shown}; leave that out, or start another run.")
    return settled


def _keys_of_unnamed_models(settings: Settings) -> Iterator[str]:
    """Yield the keys, a dot behind each, under which a run's missing models may yet be named."""
    unnamed = [stage for stage in settings.stage_names if settings.choice(stage).model is None]
    for place in ("", *(f"{section_key(stage)}." for stage in unnamed)) if unnamed else ():
        yield from (f"{place}model.", f"{place}model_options.")


def _settled(said: Layer, below: Layer) -> Settled:
    whole = said.over(below)  # a run of an earlier version knows no origin of a newer setting
    known = {key: value for key, value in whole.values.items() if is_known(key)}
    faults = [*_secrets(said), *_unknown(whole)]
    try:
        settings = _validated(known)
        faults += _unreachable(settings, whole)
    except ValidationError as error:
        faults += _invalid(error, whole)
    if faults:
        more = [f"and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
        raise SettingsError(sentence("; ".join([*faults[:MOST_FAULTS], *more])))
    return Settled(settings, {key: whole.origins.get(key, "default") for key in flatten(settings.model_dump(mode="json"))})


def _validated(values: Mapping[str, object]) -> Settings:
    """Return the settings; a parameter or option that is null is left out, so that a file can drop one of the profile's."""
    return Settings.model_validate(nested({k: v for k, v in values.items() if not (v is None and is_of_a_model(k))}))


# what may be wrong, each in a clause that begins with its origin


def _secrets(said: Layer) -> Iterator[str]:
    """Yield where a setting, by its name or by its value, would bring a key into the run's ledger."""
    for key, value in said.values.items():
        for name, text in _leaves(key, value):
            is_address = name.endswith("base_url")  # which says of itself what is wrong
            if is_secret_name(name) or (not is_address and holds_secret(text)):
                yield (
                    f"{said.origin(key)}: {cut(name)} would be stored with the run;"
                    " put a secret into the environment, e.g. OPENAI_API_KEY"
                )


def _leaves(key: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield each plain value as text, under its dotted key."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}", inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from _leaves(key, inner)
    else:
        yield key, str(value)


def _unknown(layer: Layer) -> Iterator[str]:
    names = [known.rstrip(".") for known in known_keys()]
    for number, key in enumerate(key for key in layer.values if not is_known(key)):
        near: list[str] = []
        if number < MOST_FAULTS:  # the others are only counted, and to compare takes its time
            near = get_close_matches(key, names, n=1, cutoff=0.4) or [one for one in names if one.endswith(f".{key}")]
        hint = f"; did you mean {near[0]!r}?" if near else ""
        yield f"{layer.origin(key)}: there is no setting {quoted(key)}{hint}"


def _invalid(error: ValidationError, layer: Layer) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        key = ".".join(str(part) for part in fault["loc"] if part != "[key]")
        words = fault["msg"].removeprefix("Value error, ")
        value = f" is {quoted(fault['input'])};"
        if fault["type"] == "value_error" and key.endswith(_SAYING_IT_ALL):
            value = ""
        elif key.endswith(_NEVER_SHOWN):
            value = " is of no use;"
        yield f"{layer.origin(key, words)}: {cut(key)}{value} {words[:1].lower()}{words[1:]}"


def _unreachable(settings: Settings, layer: Layer) -> Iterator[str]:
    """Yield where a stage says how a model of its own is reached, and names none."""
    for stage in settings.stage_names:
        section, place = settings.section(stage), section_key(stage)
        if section.model is None and (section.base_url or section.model_options):
            said = (key for key in layer.values if f"{key}.".startswith((f"{place}.base_url.", f"{place}.model_options.")))
            key = next((key for key in said if layer.values[key]), place)
            yield (
                f"{layer.origin(key)}: {key} is given, but the stage names no model of its own;"
                f" set {place}.model too, or {key.removeprefix(f'{place}.')} for all stages"
            )

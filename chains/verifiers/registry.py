"""The verifiers there are, and which of them flag and which refuse in a run."""

from collections.abc import Callable
from importlib import import_module

from self_instruct.chains.verifiers.boilerplate import boilerplate
from self_instruct.chains.verifiers.broken_code import broken_code
from self_instruct.chains.verifiers.cut_off import cut_off
from self_instruct.chains.verifiers.example import Example
from self_instruct.chains.verifiers.image_talk import image_talk
from self_instruct.chains.verifiers.link import link
from self_instruct.chains.verifiers.mentions_people import mentions_people
from self_instruct.chains.verifiers.missing_input import missing_input
from self_instruct.chains.verifiers.needless_input import needless_input
from self_instruct.chains.verifiers.not_a_label import not_a_label
from self_instruct.chains.verifiers.not_json import not_json
from self_instruct.chains.verifiers.personal_data import personal_data
from self_instruct.chains.verifiers.placeholder import placeholder
from self_instruct.chains.verifiers.refusal import refusal
from self_instruct.chains.verifiers.repeated_text import repeated_text
from self_instruct.chains.verifiers.repeats_input import repeats_input
from self_instruct.chains.verifiers.repeats_instruction import repeats_instruction
from self_instruct.chains.verifiers.run_on import run_on
from self_instruct.chains.verifiers.verifier import Find, Verifier
from self_instruct.chains.verifiers.wrong_case import wrong_case
from self_instruct.chains.verifiers.wrong_count import wrong_count
from self_instruct.chains.verifiers.wrong_format import wrong_format
from self_instruct.chains.verifiers.wrong_language import wrong_language
from self_instruct.chains.verifiers.wrong_sum import wrong_sum
from self_instruct.records.errors import SettingsError
from self_instruct.records.tasks import Flag
from self_instruct.settings.sections import Action, VerifierSettings

VERIFIERS: list[Verifier] = [
    Verifier(find.__name__, find)
    for find in (
        repeats_instruction, repeats_input, refusal, boilerplate, cut_off, placeholder, run_on, missing_input, needless_input,
        not_json, wrong_format, wrong_count, wrong_case, broken_code, wrong_sum, not_a_label, wrong_language, personal_data,
        link, image_talk, repeated_text, mentions_people,
    )
]  # fmt: skip
"""In the order in which an instance is looked at; rules of your own stand behind ours."""


def register_verifier(name: str) -> Callable[[Find], Find]:
    """Return a decorator that adds a rule of your own under a name; a run has it if `verifiers.own.NAME` says flag or refuse.

    The same function may be registered twice, as happens where its module is loaded again. Raises `SettingsError` where another
    rule has its name.
    """

    def register(find: Find) -> Find:
        taken = next((one for one in VERIFIERS if one.name == name), None)
        if taken is None:
            VERIFIERS.append(Verifier(name, find))
        elif (taken.find.__module__, taken.find.__qualname__) == (find.__module__, find.__qualname__):
            VERIFIERS[VERIFIERS.index(taken)] = Verifier(name, find)
        else:
            raise SettingsError(f"there is a verifier {name!r} already ({taken.find.__module__}.{taken.find.__qualname__}).")
        return find

    return register


class Verification:
    """The verifiers that settings switch on.

    Raises `SettingsError` where they name one that is not registered.
    """

    def __init__(self, settings: VerifierSettings) -> None:
        if settings.defined_in:
            _import(settings.defined_in)
        self._action = dict(settings.actions())
        known = {each.name for each in VERIFIERS}
        unknown = next((name for name in self._action if name not in known), None)
        if unknown:
            raise SettingsError(
                f"verifiers.own.{unknown}: no verifier of that name is registered;"
                " set verifiers.defined_in to the module that registers it."
            )
        self.verifiers = tuple(each for each in VERIFIERS if self.action(each.name) != "off")

    def flags(self, example: Example) -> tuple[Flag, ...]:
        """Return what is wrong with an example, by the rules that are on, in their order."""
        found = [(each.name, each.find(example)) for each in self.verifiers]
        return tuple([Flag(name, evidence) for name, evidence in found if evidence is not None])

    def action(self, rule: str) -> Action:
        """Return what a rule does: off, flag or refuse."""
        return self._action.get(rule, "off")

    def refuses(self, flag: Flag) -> bool:
        """Return whether an instance with this flag is refused."""
        return self.action(flag.rule) == "refuse"


def _import(module: str) -> None:
    try:
        import_module(module)
    except ImportError as error:
        raise SettingsError(f"verifiers.defined_in: {module!r} cannot be imported ({error}).") from None

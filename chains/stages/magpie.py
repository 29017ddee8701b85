"""Magpie: a chat model is given a conversation up to where the user begins to speak, and writes what a user would say.

For completion models whose chat template is known. Where it has a system message, that says what the request is about, so that
prompts differ.
Source: Xu et al. 2024, arXiv:2406.08464 (Magpie), section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from self_instruct.chains.models.names import OFFLINE, is_completion_model
from self_instruct.chains.stages.proposing import ProposingStage
from self_instruct.ledger import Lineage, RequestId
from self_instruct.prompts.chat_forms import CHAT_FORMS, ChatForm
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.proposal_parser import ProposalParser
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.records.tasks import Proposer, SeedTask
from self_instruct.settings.proposers import MagpieSettings
from self_instruct.settings.settings import Settings

OWN_FORM = "own form"
"""The operator of a lineage where the settings spell the form out."""


class MagpieStage(ProposingStage):
    """Lets a model write the user's turn. Raises `SettingsError` where its form is not known, or the model answers chats."""

    name = Proposer.MAGPIE.value
    settings: MagpieSettings

    def __init__(self, settings: Settings, prompts: PromptSet) -> None:
        super().__init__(settings, prompts)
        self._form = _form(self.settings)
        self.subjects = prompts.subjects if self._form.system_start else ()
        self._parser = ProposalParser(proposer=self.name, end=self._form.user_end)
        choice = settings.choice(self.name)
        if choice.model not in (None, OFFLINE) and not is_completion_model(choice.model, choice.options):
            raise SettingsError(
                f"proposers names 'magpie', which goes on with a text, and {choice.model!r} answers chats;"
                " name it as a completion model (openai-completion:NAME), or set magpie.model."
            )

    def prompt_of(self, prompts: PromptSet) -> Prompt:
        """Return the prompt that stops where the user begins to speak."""
        return prompts.magpie

    def variables(self, about: Lineage, request: RequestId) -> dict[str, Any]:
        """Return the form's parts, and what the request is to be about."""
        del request
        form = self._form
        parts = {"system_start": form.system_start, "system_end": form.system_end, "user_start": form.user_start}
        return {**parts, "subject": about.text}

    def parameters(self, about: Lineage) -> Mapping[str, Any]:
        """Return the stage's parameters; unless they say where to stop, it is where the user's turn ends."""
        stop = {"stop": [self._form.user_end]} if self._form.user_end else {}
        return {**stop, **super().parameters(about)}

    def lineage(self, request: int, subject: str) -> Lineage:
        """Return what a request goes out from: a subject."""
        return Lineage(request, self.name, self.settings.template or OWN_FORM, text=subject)

    def sample(self, seed: SeedTask) -> Lineage:
        """Return one about the first subject."""
        del seed
        return self.lineage(0, next(iter(self.subjects), ""))

    def about(self, given: Any) -> Lineage:
        """Return the request about a subject that a string or {'subject': ...} means."""
        subject = given.get("subject") if isinstance(given, Mapping) else given
        if not isinstance(subject, str):
            raise InputError("the magpie chain takes a subject, or {'subject': ...}.")
        return self.lineage(0, subject)


def _form(settings: MagpieSettings) -> ChatForm:
    if settings.template is not None:
        return CHAT_FORMS[settings.template]
    if settings.user_start:
        return ChatForm("", "", settings.user_start, settings.user_end)
    raise SettingsError(
        f"proposers names 'magpie', which needs the model's chat template; set magpie.template ({', '.join(CHAT_FORMS)}),"
        " or magpie.user_start and magpie.user_end."
    )

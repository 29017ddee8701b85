"""Back-translation: for a text that a user has, the request that it answers.

The text is then the task's output, as it is; no model writes one, and no model is asked whether it is a classification task.
Source: Li et al. 2023, arXiv:2308.06259, section 2.2, "self-augmentation". What is there curated by a model's score is here for
the verifiers and the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from self_instruct.chains.stages.proposing import ProposingStage
from self_instruct.ledger import Lineage, RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.errors import InputError
from self_instruct.records.tasks import Candidate, Proposer, Reason, Rejection, SeedTask
from self_instruct.retrievers.rouge import tokens
from self_instruct.settings.proposers import BackTranslateSettings

OPERATOR = "answered"
"""What is done to a text, as its lineage has it."""


class BackTranslateStage(ProposingStage):
    """Asks for the request to which a text is the answer."""

    name = Proposer.BACK_TRANSLATE.value
    settings: BackTranslateSettings

    def prompt_of(self, prompts: PromptSet) -> Prompt:
        """Return the prompt that shows the text."""
        return prompts.back_translate

    def variables(self, about: Lineage, request: RequestId) -> dict[str, Any]:
        """Return the text."""
        del request
        return {"text": about.text}

    def refusal(self, about: Lineage, candidate: Candidate) -> Rejection | None:
        """Return that a candidate is a piece of the text, if it is."""
        piece, whole = (f" {' '.join(tokens(text))} " for text in (candidate.text, about.text))
        if piece not in whole:
            return None
        return Rejection(self.name, Reason.COPIED, candidate.text, candidate.item, {"text": about.text})

    def output(self, about: Lineage) -> str:
        """Return the text: it answers what was found for it."""
        return about.text

    def sample(self, seed: SeedTask) -> Lineage:
        """Return a text that might be a user's: the output of a seed."""
        return Lineage(0, self.name, OPERATOR, text=seed.instances[0].output, source=0)

    def about(self, given: Any) -> Lineage:
        """Return the text that a string or {'text': ...} means."""
        text = given.get("text") if isinstance(given, Mapping) else given
        if not isinstance(text, str) or not text.strip():
            raise InputError("the back-translate chain takes a text, or {'text': ...}.")
        return Lineage(0, self.name, OPERATOR, text=text.strip())

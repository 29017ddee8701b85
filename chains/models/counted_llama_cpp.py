"""`LlamaCpp` of langchain-community, which also says how a reply ended and how many tokens it took."""

from typing import Any

from langchain_community.llms.llamacpp import LlamaCpp
from langchain_core.outputs import Generation, LLMResult


class CountedLlamaCpp(LlamaCpp):
    """A `LlamaCpp` that hands on all that llama.cpp tells of a completion, in place of its text alone."""

    def _generate(self, prompts: list[str], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any) -> LLMResult:  # noqa: ARG002
        parameters = {**self._get_parameters(stop), **kwargs}
        told = [self.client(prompt=prompt, **parameters) for prompt in prompts]
        generations = [[_generation(choice) for choice in each["choices"]] for each in told]
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        usage = {name: sum(each["usage"][name] for each in told) for name in names}
        return LLMResult(generations=generations, llm_output={"token_usage": usage})


def _generation(choice: dict[str, Any]) -> Generation:
    return Generation(text=choice["text"], generation_info={"finish_reason": choice["finish_reason"]})

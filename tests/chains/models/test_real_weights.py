"""Models in this process, with the weights of shared/models where they are (`$REAL_MODELS`) and the packages that run them.

`shared/models/serve MODEL --path` fetches them; nothing here does.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.prompt_values import ChatPromptValue, StringPromptValue

from self_instruct.chains import load_model
from self_instruct.chains.models.answering import answering
from self_instruct.chains.models.asking import ask
from self_instruct.chains.models.question import Question
from self_instruct.ledger import RequestId
from self_instruct.prompts import prompt_set
from self_instruct.records.replies import Ended, Refusal, Reply
from self_instruct.records.tasks import StageName

WEIGHTS = Path(os.environ.get("REAL_MODELS", Path.home() / ".cache" / "real-models"))
CHAT, BASE, TINY = "qwen2.5-coder-0.5b-instruct.Q4.gguf", "gemma-3-270m-base.Q4_K_M.gguf", "smollm2-135m-instruct.Q4_1.gguf"
ASKED = RequestId(StageName.CLASSIFICATION, 0)
LISTED = "Towns of France, one a line, each with its number:\n1. Paris\n2. Lyon\n3."


def weights(name: str) -> Path:
    path = WEIGHTS / name
    if not path.is_file():
        pytest.skip(f"no {path}; shared/models/serve fetches it")
    return path


def question(prompt: Any, **parameters: Any) -> Question:
    return Question(ASKED, prompt, {"temperature": 0, **parameters}, "local")


async def reply(model: Any, asked: Question) -> Reply:
    answer = await ask(answering(model), asked)
    assert isinstance(answer, Reply), answer
    return answer


def llama(kind: str, name: str, **options: Any) -> Any:
    pytest.importorskip("llama_cpp", reason="pip install llama-cpp-python")
    return load_model(f"langchain_community.{kind}", options={"model_path": str(weights(name)), **options})


async def test_a_chat_model_from_a_gguf_file_answers_our_longest_prompt_and_counts_it() -> None:
    model = llama("chat_models.ChatLlamaCpp", CHAT)
    prompt = prompt_set().classification.format_prompt(instruction="Say whether the review is positive or negative.")
    answer = await reply(model, question(prompt, max_tokens=4))
    assert answer.text.strip()
    assert answer.usage.input_tokens
    assert 1 <= (answer.usage.output_tokens or 0) <= 4
    assert answer.served.model == CHAT


async def test_a_completion_model_from_a_gguf_file_stops_where_it_is_told_and_says_how_it_ended() -> None:
    model = llama("llms.LlamaCpp", BASE)
    one_line = await reply(model, question(StringPromptValue(text=LISTED), max_tokens=30, stop=["\n"]))
    cut = await reply(model, question(StringPromptValue(text=LISTED), max_tokens=3))
    assert (one_line.ended, cut.ended) == (Ended.STOP, Ended.LENGTH)
    assert "\n" not in one_line.text
    assert cut.usage.output_tokens == 3


async def test_a_prompt_that_does_not_fit_is_refused_with_the_option_that_makes_room() -> None:
    model = llama("llms.LlamaCpp", BASE, n_ctx=64)
    refused = await ask(answering(model), question(StringPromptValue(text="word " * 2000), max_tokens=3))
    assert isinstance(refused, Refusal)
    assert "n_ctx" in refused.words


def test_threads_that_ask_at_once_are_answered_one_after_another() -> None:
    asking = answering(llama("llms.LlamaCpp", BASE), {"temperature": 0, "max_tokens": 4})
    with ThreadPoolExecutor(4) as threads:
        answers = {message.text for message in threads.map(asking.invoke, [LISTED] * 4)}
    assert len(answers) == 1


async def test_weights_of_transformers_stop_are_counted_and_do_not_repeat_the_prompt() -> None:
    pytest.importorskip("langchain_huggingface", reason="pip install langchain-huggingface")
    pytest.importorskip("gguf", reason="pip install gguf")
    options = {"model_kwargs": {"gguf_file": weights(TINY).name}}
    model: Any = load_model(f"langchain_huggingface.HuggingFacePipeline:{WEIGHTS}", options=options)
    answer = await reply(model, question(StringPromptValue(text=LISTED), max_tokens=12, stop=["\n"]))
    assert "\n" not in answer.text
    assert "Paris" not in answer.text
    cut = await reply(model, question(StringPromptValue(text=LISTED), max_tokens=3))
    assert (cut.ended, cut.usage.output_tokens) == (Ended.LENGTH, 3)
    assert cut.usage.input_tokens

    from langchain_huggingface import ChatHuggingFace

    chat = ChatHuggingFace(llm=model, tokenizer=model.pipeline.tokenizer)
    said = await reply(chat, question(ChatPromptValue(messages=[HumanMessage("Say yes.")]), max_tokens=5))
    assert said.text.strip()
    assert said.served.model

"""A model of a local folder, in this process: tiny, randomly initialised here, and evaluated like any other."""

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, assert_refused
from support.tiny_model import save_tiny_model

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from self_instruct.chains.models.folder_model import FolderModel, check_splits_into_words  # noqa: E402
from self_instruct.records.errors import InputError  # noqa: E402

WORDS = [
    "<pad>",
    "<end>",
    "Name",
    "the",
    "capital",
    ".",
    "Input",
    ":",
    "Output",
    "France",
    "Italy",
    "Paris",
    "Rome",
    "It",
    "is",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of two layers and a tokenizer of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    place = tmp_path_factory.mktemp("tiny")
    inner = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<pad>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="<end>")
    tokenizer.chat_template = "{% for m in messages %}It is {{ m.content }} Output : {% endfor %}"
    tokenizer.save_pretrained(place)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(WORDS), n_positions=256, n_embd=16, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=1
    )
    transformers.GPT2LMHeadModel(config).save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def model(folder: Path) -> FolderModel:
    return FolderModel(model=str(folder))


def test_a_batch_answers_as_one_alone_would(model: FolderModel) -> None:
    prompts = ["Name the capital . Output :", "Input : France Output :", "Rome"]

    async def together() -> list[Any]:
        return await asyncio.gather(*(model.agenerate([prompt], max_tokens=12) for prompt in prompts))

    alone = [model.generate([prompt], max_tokens=12) for prompt in prompts]
    found = asyncio.run(together())
    assert [each.generations[0][0].text for each in found] == [each.generations[0][0].text for each in alone]
    assert [each.llm_output["token_usage"] for each in found] == [each.llm_output["token_usage"] for each in alone]


def test_an_answer_says_whether_the_limit_ended_it(model: FolderModel) -> None:
    generation = model.generate(["Rome"], max_tokens=3).generations[0][0]
    assert generation.generation_info == {"finish_reason": "length"}
    whole, at = generation.text, len(generation.text) // 2
    stopped = model.generate(["Rome"], stop=[whole[at:]], max_tokens=3).generations[0][0]
    assert stopped.generation_info == {"finish_reason": "stop"}
    assert stopped.text == whole[: whole.find(whole[at:])]


def test_what_a_row_wrote_is_written_less_where_that_is_asked_for(model: FolderModel) -> None:
    prompts = ["Rome", "Name the capital . Output :"]
    for penalty in ("presence_penalty", "frequency_penalty"):
        found = model.generate(prompts, max_tokens=len(WORDS) - 2, **{penalty: 1000})
        for [one] in found.generations:
            assert len(set(one.text.split())) == len(one.text.split())
    assert len(set(model.generate(["Rome"], max_tokens=12).generations[0][0].text.split())) < 12  # else this shows nothing


def test_drawing_from_the_likeliest_alone_is_greedy(model: FolderModel) -> None:
    drawn = model.generate(["Rome"], max_tokens=8, temperature=1, top_p=1e-6)
    assert drawn.generations == model.generate(["Rome"], max_tokens=8).generations


def test_the_log_likelihoods_are_those_of_the_models_own_loss(model: FolderModel, folder: Path) -> None:
    found = model.log_likelihoods("Name the capital . Output :", " It is Rome .")
    assert len(found) == 4
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    plain = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = tokenizer("Name the capital . Output : It is Rome .", return_tensors="pt").input_ids
    labels = ids.clone()
    labels[0, :-4] = -100
    with torch.inference_mode():
        loss = plain(ids, labels=labels).loss
    assert -sum(found) / 4 == pytest.approx(float(loss), abs=1e-4)


def test_it_tells_how_likely_the_first_token_was(model: FolderModel) -> None:
    prompts = ["Rome", "Name the capital . Output :"]
    for prompt, [one] in zip(prompts, model.generate(prompts, max_tokens=2, logprobs=3).generations, strict=True):
        [told] = one.generation_info["logprobs"]["top_logprobs"]
        assert len(told) == 3
        for token, logarithm in told.items():
            assert model.log_likelihoods(prompt, token) == [pytest.approx(logarithm, abs=1e-5)]


def test_a_gguf_whose_tokenizer_is_read_as_letters_is_refused(tmp_path: Path, model: FolderModel) -> None:
    letters = transformers.AutoTokenizer.from_pretrained(save_tiny_model(tmp_path / "letters"))
    with pytest.raises(InputError, match=r"m\.gguf: transformers .* single letters"):
        check_splits_into_words(tmp_path / "m.gguf", letters)
    check_splits_into_words(tmp_path / "m.gguf", transformers.AutoTokenizer.from_pretrained(model.model))


def test_a_chat_folder_is_asked_in_its_template(folder: Path, model: FolderModel) -> None:
    chat = FolderModel(model=str(folder), is_chat=True)
    asked = "It is Name the capital Output : "
    assert chat.generate(["Name the capital"], max_tokens=5).generations == model.generate([asked], max_tokens=5).generations


def test_it_is_evaluated_with_the_likelihood_of_the_references(
    command: Command, tmp_path: Path, tasks: Path, folder: Path
) -> None:
    asked = ["evaluate", f"transformers:{folder}", "--tasks", tasks, "--answer-tokens", 4, "--likelihood"]
    done = command(*asked, "--run", tmp_path / "run", "--json")
    found = json.loads(done.out)
    assert (found["instances"], found["log_likelihood"]["instances"]) == (4, 4)
    assert found["log_likelihood"]["nll_per_token"] == pytest.approx(math.log(len(WORDS)), rel=0.2)
    shown = command("evaluate", "--run", tmp_path / "run", "--against", tmp_path / "run")
    assert "nll after first" in shown.out


def test_a_folder_that_is_not_there_is_named(command: Command, tmp_path: Path, tasks: Path) -> None:
    done = command("evaluate", "transformers:nowhere", "--tasks", tasks, "--run", tmp_path / "run")
    assert_refused(done, "there is no folder or GGUF file nowhere")

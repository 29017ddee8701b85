"""TRL itself trains on the exports that are for it: a step of a model with a few thousand weights, which we make.

Skipped where TRL is not installed, since it brings PyTorch: `pip install torch trl`, then `pytest tests/reports/test_trl.py`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, load_dataset

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports import Selection
from self_instruct.reports.exports.export import export

pytest.importorskip("torch")
trl = pytest.importorskip("trl")

FORMS = ["messages", "trl-prompt-completion", "openai-chat", "prompt-completion", "sharegpt"]
TEMPLATE = "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + ' </s> ' }}{% endfor %}"


@pytest.fixture
def tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    characters = {chr(code): code - 29 for code in range(32, 127)}
    words = Tokenizer(models.WordLevel({"<unk>": 0, "<pad>": 1, "</s>": 2, **characters}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    made = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>", pad_token="<pad>", eos_token="</s>")
    made.chat_template = TEMPLATE
    return made


def exported(make_run: Callable[..., Ledger], folder: Path, form: str) -> Dataset:
    file = folder / ("rows.json" if form == "sharegpt" else "rows.jsonl")
    ledger = make_run(model="offline")
    export(ledger, RunPlan.of(ledger), form, file, selection=Selection(seeds=True))
    return load_dataset("json", data_files=str(file), split="train", cache_dir=str(folder / "cache"))


@pytest.mark.parametrize("form", FORMS)
def test_a_model_is_trained_on_the_rows(make_run: Callable[..., Ledger], tmp_path: Path, tokenizer: Any, form: str) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    rows = exported(make_run, tmp_path, form).select(range(12))
    if form == "sharegpt":
        rows = rows.map(trl.data_utils.maybe_convert_to_chatml, remove_columns=["conversations"])
    assert trl.data_utils.is_conversational(rows[0]) == (form != "prompt-completion")
    trainer = trl.SFTTrainer(
        model=GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_positions=256, n_embd=8, n_layer=1, n_head=1)),
        processing_class=tokenizer,
        train_dataset=rows,
        args=trl.SFTConfig(
            str(tmp_path / "out"), max_steps=1, per_device_train_batch_size=2, max_length=256, use_cpu=True, bf16=False,
            report_to=[], save_strategy="no",
        ),
    )  # fmt: skip
    assert trainer.train().training_loss > 0

"""A language model of a few thousand weights over single characters, as transformers saves one. It needs torch."""

from __future__ import annotations

from pathlib import Path

CHAT = (
    "{% for m in messages %}{{ m.role }}> {{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}assistant> {% endif %}"
)


def save_tiny_model(place: Path, *, is_chat: bool = False) -> Path:
    """Save a model with random weights, always the same, and its tokenizer in a folder; return that."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    characters = {chr(code): code - 29 for code in range(32, 127)}
    inner = Tokenizer(models.WordLevel({"<unk>": 0, "<pad>": 1, "</s>": 2, **characters, "\n": 98}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", pad_token="<pad>", eos_token="</s>")
    tokenizer.chat_template = CHAT if is_chat else None
    tokenizer.save_pretrained(place)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = LlamaConfig(
        vocab_size=len(tokenizer), **sizes, max_position_embeddings=1024, bos_token_id=None, eos_token_id=2, pad_token_id=1
    )
    LlamaForCausalLM(config).save_pretrained(place)
    return place

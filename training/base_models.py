"""The model that is trained: from a folder, a GGUF file, or by its name on the Hugging Face hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from self_instruct.chains.models.folder_model import check_splits_into_words
from self_instruct.records.errors import InputError, to_install

NEEDED = ("torch", "transformers", "trl", "peft")
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_WEIGHTS = ("*.safetensors", "*.bin", "config.json", "tokenizer*.json")
_PIECE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class BaseModel:
    """Where a model is: what transformers calls its name, and the file in that folder if it is a GGUF.

    Raises `InputError` where nothing is there, or where what training needs is not installed.
    """

    name: str

    def __post_init__(self) -> None:
        if missing := [name for name in NEEDED if find_spec(name) is None]:
            raise InputError(f"training needs {' and '.join(missing)}: {to_install('train')}.")
        path = Path(self.name)
        if path.is_file() and path.suffix != ".gguf":
            raise InputError(f"{self.name}: is no model; expected a folder, a .gguf file, or a name on the hub.")
        if path.is_dir() and not (path / "config.json").is_file():
            raise InputError(f"{self.name}: has no config.json; expected a model as transformers saves one.")
        if not path.exists() and not _HUB_NAME.fullmatch(self.name):
            raise InputError(f"{self.name}: there is no such folder or file; name it with `model`.")

    def load(self) -> tuple[Any, Any]:
        """Return the tokenizer and the model, in single precision; raises `InputError` where it cannot be loaded."""
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        path = Path(self.name)
        where: dict[str, Any] = {"gguf_file": path.name} if path.is_file() else {}
        place = str(path.parent if path.is_file() else self.name)
        try:
            tokenizer = AutoTokenizer.from_pretrained(place, **where)
            model = AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32, **where)
        except (OSError, ValueError, ImportError) as error:
            said = str(error).strip().partition("\n")[0]
            raise InputError(f"{self.name}: cannot be loaded as a language model ({said}).") from error
        if path.is_file():
            check_splits_into_words(path, tokenizer)
        return _prepared(self.name, tokenizer), _without_quantization(model)

    def save(self, folder: Path) -> None:
        """Write the model as a folder; that of a GGUF file is read in seconds, where the file takes a minute."""
        from transformers.utils import logging

        logging.disable_progress_bar()
        tokenizer, model = self.load()
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)

    def fingerprint(self) -> str:
        """Return the SHA-256 of a local model's files; of a hub's, its name."""
        path = Path(self.name)
        if not path.exists():
            return self.name
        files = [path] if path.is_file() else sorted({file for form in _WEIGHTS for file in path.glob(form)})
        digest = sha256()
        for file in files:
            with file.open("rb") as opened:
                while piece := opened.read(_PIECE_BYTES):
                    digest.update(piece)
        return digest.hexdigest()


def _prepared(name: str, tokenizer: Any) -> Any:
    if tokenizer.eos_token_id is None:
        raise InputError(f"{name}: its tokenizer has no end token, so that it could not learn to stop.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _without_quantization(model: Any) -> Any:
    """Return a model that can be saved: the weights of a GGUF are no longer quantized once they are loaded."""
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
        model.hf_quantizer, model.is_quantized = None, False
    return model

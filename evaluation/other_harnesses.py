"""Task sets and answers as other harnesses read them: a folder for lm-evaluation-harness, AlpacaEval's file of answers.

    lm_eval --include_path FOLDER --tasks self_instruct_task_set --model hf --model_args pretrained=DIR
    alpaca_eval --model_outputs RUN/alpaca_eval.json

What they score is scored by our metric, so that the figures are those of `evaluate`. (inspect_ai finds its task by itself.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from self_instruct.evaluation.encodings import Encoding, encoded
from self_instruct.evaluation.metrics import References
from self_instruct.evaluation.results import NAMES
from self_instruct.evaluation.scores import Scored
from self_instruct.evaluation.task_sets import TaskInstance
from self_instruct.reports.writing import json_line, new_folder

LM_EVAL_TASK = "self_instruct_task_set"
_CONFIG, _INSTANCES, _SCORING = f"{LM_EVAL_TASK}.yaml", "instances.jsonl", "scoring.py"
_IMPORT = '''"""Scores as `evaluate` does."""

from self_instruct.evaluation.other_harnesses import process_results

__all__ = ["process_results"]
'''


def write_lm_eval_folder(folder: Path, tasks: Iterable[TaskInstance], encoding: Encoding, max_tokens: int = 1024) -> None:
    """Write a folder that lm-evaluation-harness takes as `include_path`; raises `ExportError` where it cannot be written."""
    with new_folder(folder, (_CONFIG, _INSTANCES, _SCORING)) as (config, instances, scoring):
        config.write(_config(folder.absolute() / _INSTANCES, max_tokens))
        for one in tasks:
            row = {"id": one.id, "task": one.task, "category": one.category, "references": list(one.references)}
            instances.write(json_line({**row, "prompt": encoded(one.instruction, one.input, encoding)}))
        scoring.write(_IMPORT)


def process_results(doc: Mapping[str, Any], results: list[str]) -> dict[str, float]:
    """Return what an answer gets, as lm-evaluation-harness wants it: a figure in percent by its name."""
    found = References(doc["references"]).score(results[0])
    return {said: 100 * getattr(found, name) for name, said in NAMES.items()}


def alpaca_eval_rows(scored: Iterable[Scored], generator: str) -> Iterator[Mapping[str, Any]]:
    """Yield AlpacaEval's {instruction, output, generator, dataset} for each answer; the input follows the instruction."""
    for each in scored:
        one = each.instance
        asked = encoded(one.instruction, one.input, "chat")
        yield {"instruction": asked, "output": each.answer.text, "generator": generator, "dataset": one.task}


def _config(instances: Path, max_tokens: int) -> str:
    """Return the task's YAML; all of it but the function is JSON, which YAML reads too."""
    decoding = {"until": [], "max_gen_toks": max_tokens, "do_sample": False, "temperature": 0.0}
    metrics = [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in NAMES.values()]
    fields: dict[str, Any] = {
        "task": LM_EVAL_TASK,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(instances)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "{{references[0]}}",
        "target_delimiter": "",
        "generation_kwargs": decoding,
        "metric_list": metrics,
        "metadata": {"version": 1.0},
    }
    lines = [f"{name}: {json.dumps(value)}" for name, value in fields.items()]
    return "\n".join([*lines, "process_results: !function scoring.process_results", ""])

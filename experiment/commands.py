"""The commands that measure: `evaluate`, `rate`, `prefer`, `train` and `experiment`. `run.py` has those about runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from self_instruct.reports.terminal import options


def evaluate(
    model: Annotated[str | None, typer.Argument(help="A model, copy-input or copy-demonstration.", metavar="[MODEL]")] = None,
    tasks: Annotated[str | None, typer.Option(help="superni:DIR, user-oriented:FILE, or a FILE of your own.")] = None,
    split: Annotated[Path | None, typer.Option(help="A file that names the tasks of superni:DIR, one a line.")] = None,
    run: Annotated[Path | None, typer.Option(help="The evaluation's directory; one that is there goes on.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="Only score this file, {id, prediction} a line.")] = None,
    references: Annotated[str | None, typer.Option(help="What to score it by: {id, references} a line, or a task set.")] = None,
    against: Annotated[Path | None, typer.Option(help="Another evaluation, or file of predictions, to put beside it.")] = None,
    training: Annotated[Path | None, typer.Option(help="A training file, to look for the task set in it.")] = None,
    lm_eval: Annotated[Path | None, typer.Option(help="A folder to write for lm-evaluation-harness; nobody is asked.")] = None,
    encoding: Annotated[str | None, typer.Option(help="self-instruct, tk-instruct, open-instruct or chat.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0 without it.")] = None,
    answer_tokens: Annotated[int | None, typer.Option(help="The most tokens of an answer: 1024 without it.")] = None,
    stop: Annotated[list[str] | None, typer.Option(help="A text that ends an answer; repeatable.")] = None,
    likelihood: Annotated[bool, typer.Option("--likelihood", help="Also how likely the model finds the references.")] = False,
    concurrency: options.Concurrency = None,
    max_requests: options.MaxRequests = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    base_url: options.BaseUrl = None,
    batch: options.Batch = None,
    finish_online: options.FinishOnline = None,
    ray: options.Ray = None,
    config: options.Config = None,
    set_: options.Set = None,
    json: options.Json = False,
) -> None:
    """Score a model's answers to a task set. It is asked over a ledger; a file of answers is only scored."""
    from self_instruct.evaluation.command import Wanted, report_on, write_lm_eval
    from self_instruct.evaluation.plan import said

    paced = options.asking(concurrency, max_requests, max_tokens, max_cost, ray, batch, finish_online)
    if lm_eval:
        unused = {"MODEL": model, "temperature": temperature, "stop": stop, "run": run, "predictions": predictions}
        options.refuse_unused(unused, "`lm_eval` writes a folder and asks nobody")
        return write_lm_eval(lm_eval, tasks, split, encoding, answer_tokens)
    given = said(model, encoding, temperature, answer_tokens, stop).over(
        options.given({"base_url": base_url, **paced}, set_, config)
    )
    return report_on(Wanted(tasks, split, run, predictions, references, against, training, likelihood), given, as_json=json)


def train(
    data: Annotated[Path, typer.Argument(help="An export, or rows of the same form: a file, or a folder with one.")],
    model: Annotated[
        str, typer.Option(help="The base: a folder, a .gguf file, a name on the hub; or the provider's name of it.")
    ],
    out: Annotated[Path, typer.Option(help="A new folder for the trained model; one that is not done goes on.")],
    lora: Annotated[bool, typer.Option("--lora/--full", help="Train an adapter and merge it, or all weights.")] = True,
    form: Annotated[Literal["auto", "text", "chat"], typer.Option(help="As texts, or in the model's chat template.")] = "auto",
    epochs: Annotated[float | None, typer.Option(help="How often each row is seen; 2 here, a provider's own there.")] = None,
    max_steps: Annotated[int | None, typer.Option(help="So many steps, in the place of epochs.")] = None,
    batch_size: Annotated[int, typer.Option(help="Rows a step.")] = 8,
    learning_rate: Annotated[float | None, typer.Option(help="The highest; 0.0002 with LoRA, 0.00002 without.")] = None,
    max_length: Annotated[int, typer.Option(help="The longest row in tokens; longer ones are left out.")] = 1024,
    cut_vocabulary: options.CutVocabulary = False,
    seed: Annotated[int | None, typer.Option(help="The seed of templates, order and weights.")] = None,
    save_steps: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 50,
    provider: Annotated[str | None, typer.Option(help="Train there: openai, or a server that speaks its API.")] = None,
    base_url: Annotated[str | None, typer.Option(help="The provider's address.")] = None,
    suffix: Annotated[str | None, typer.Option(help="What the provider puts into the new model's name.")] = None,
    look_every: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How often to ask for a provider's job.")] = 10,
) -> None:
    """Train a model on an export. Here, or as a provider's fine-tuning job."""
    from self_instruct.training.command import Provider, train_at, train_here
    from self_instruct.training.recipe import Recipe

    if provider:
        here = {
            "--full": not lora, "form": form != "auto", "max_steps": max_steps, "batch_size": batch_size != 8,
            "learning_rate": learning_rate, "max_length": max_length != 1024, "cut_vocabulary": cut_vocabulary,
            "save_steps": save_steps != 50,
        }  # fmt: skip
        options.refuse_unused(here, f"{provider} trains by its own settings")
        return train_at(Provider(provider, base_url, suffix, look_every), data, model, out, epochs, seed)
    options.refuse_unused({"base_url": base_url, "suffix": suffix}, "no `provider` is named, so the model is trained here")
    recipe = Recipe(
        "lora" if lora else "full", form, 2.0 if epochs is None else epochs, max_steps, batch_size, learning_rate, max_length,
        seed=seed or 0, cut_vocabulary=cut_vocabulary,
    )  # fmt: skip
    return train_here(data, model, out, recipe, save_steps)


def experiment(
    run: options.Run,
    model: Annotated[str, typer.Option(help="The base: a folder, a .gguf file, or a name on the hub.")],
    tasks: Annotated[list[str], typer.Option(help="superni:DIR, user-oriented:FILE, or a FILE of your own; repeatable.")],
    out: Annotated[Path, typer.Option(help="A folder for all that is made; what is there is not made again.")],
    conditions: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="What to train on; see docs/training.md. The paper's without it.")
    ] = None,
    rows: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FILE", help="A condition of rows from elsewhere; repeatable.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How often each condition is trained, with another seed.")] = 2,
    lora: Annotated[bool, typer.Option("--lora/--full", help="Train adapters, or all weights.")] = True,
    form: Annotated[Literal["auto", "text", "chat"], typer.Option(help="As texts, or in the model's chat template.")] = "auto",
    epochs: Annotated[float, typer.Option(help="How often the most rows are seen; others for as many steps.")] = 2.0,
    max_steps: Annotated[int | None, typer.Option(help="So many steps, in the place of epochs.")] = None,
    batch_size: Annotated[int, typer.Option(help="Rows a step.")] = 8,
    learning_rate: Annotated[float | None, typer.Option(help="The highest; 0.0002 with LoRA, 0.00002 without.")] = None,
    cut_vocabulary: options.CutVocabulary = False,
    encoding: Annotated[str | None, typer.Option(help="self-instruct, tk-instruct, open-instruct or chat.")] = None,
    answer_tokens: Annotated[int, typer.Option(min=1, help="The most tokens of an answer.")] = 256,
    answers_at_once: Annotated[int, typer.Option(min=1, help="How many questions are answered as one batch.")] = 16,
    workers: Annotated[int, typer.Option(min=1, help="Processes side by side, for a GPU that one leaves idle.")] = 1,
    keep_models: Annotated[bool, typer.Option("--keep-models", help="Keep the weights of trained models.")] = False,
    json: options.Json = False,
) -> None:
    """Train on parts of a run, measure each, compare. Intervals say whether the model got better."""
    from self_instruct.experiment.command import named_rows, report_on, task_sets
    from self_instruct.experiment.conditions import DEFAULT
    from self_instruct.experiment.plan import Experiment
    from self_instruct.training.recipe import Recipe

    recipe = Recipe(
        "lora" if lora else "full", form, epochs, max_steps, batch_size, learning_rate, cut_vocabulary=cut_vocabulary
    )
    chosen = tuple(conditions.split(",")) if conditions else DEFAULT
    wanted = Experiment(run, model, out, chosen, named_rows(rows or ()), seeds, recipe, keep_models)
    return report_on(wanted, task_sets(tasks, encoding, answer_tokens, answers_at_once), workers, as_json=json)


def rate(
    folder: Annotated[Path, typer.Argument(help="The folder of the page.", metavar="FOLDER")],
    answers: Annotated[
        list[Path] | None, typer.Option(help="An evaluation's directory, or a file of predictions; once for each system.")
    ] = None,
    references: Annotated[str | None, typer.Option(help="What the predictions answer: references, or a task set.")] = None,
    tasks: Annotated[int | None, typer.Option(min=1, help="How many tasks people are shown: all without it.")] = None,
    raters: Annotated[int, typer.Option(min=1, help="How many people are asked.")] = 2,
    seed: Annotated[int, typer.Option(help="Of the tasks drawn, and the order of their answers.")] = 0,
    read: Annotated[list[Path] | None, typer.Option(help="A file that somebody saved on the page; repeatable.")] = None,
    json: options.Json = False,
) -> None:
    """Write a page to grade several systems' answers. Hidden and in random order; or read what people saved."""
    from self_instruct.evaluation.rating_command import report_on, write_page

    if read:
        return report_on(folder, read, as_json=json)
    return write_page(folder, answers or (), references, tasks, raters, seed)


def prefer(
    run: Annotated[Path, typer.Argument(help="A directory for what the judge says; one that is there goes on.", metavar="RUN")],
    answers: Annotated[
        list[Path] | None, typer.Option(help="An evaluation's directory, or a file of predictions; twice.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The judge, as generate takes a model.")] = None,
    references: Annotated[str | None, typer.Option(help="What the predictions answer: references, or a task set.")] = None,
    tasks: Annotated[int | None, typer.Option(min=1, help="How many tasks to compare on: all without it.")] = None,
    concurrency: options.Concurrency = None,
    max_requests: options.MaxRequests = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    base_url: options.BaseUrl = None,
    batch: options.Batch = None,
    finish_online: options.FinishOnline = None,
    ray: options.Ray = None,
    config: options.Config = None,
    set_: options.Set = None,
    json: options.Json = False,
) -> None:
    """Have a judge say which of two systems is better. It is asked in both orders, and a win is only where both agree."""
    from self_instruct.evaluation.preferring_command import report_on

    paced = options.asking(concurrency, max_requests, max_tokens, max_cost, ray, batch, finish_online)
    given = options.given({"model": model, "base_url": base_url, **paced}, set_, config)
    return report_on(run, answers or (), references, tasks, given, as_json=json)

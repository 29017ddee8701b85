"""Runs about images: a folder of them and a few seed tasks, on a loopback server; what it is shown, and what comes out."""

import importlib.util
import json
import shutil
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from support.command import Command, assert_refused
from support.openai_server import OpenAIServer, serving

from self_instruct.chains.offline.answering import Answer
from self_instruct.chains.offline.model import OfflineModel
from self_instruct.chains.runs.generating import generate
from self_instruct.chains.runs.outcome import Ending
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.prompts.image_prompt import ImagePromptValue
from self_instruct.prompts.prompt_set import prompt_set
from self_instruct.seeds.images import Image
from self_instruct.settings.config_file import from_config
from self_instruct.settings.layers import Layer

EXAMPLE = Path(__file__).parent.parent / "examples" / "images"
IMAGES = EXAMPLE / "images"
SEEDS = EXAMPLE / "seeds.jsonl"
PNG = (IMAGES / "face.png").read_bytes()


class Seeing(OfflineModel):
    """An offline model each of whose new instructions speaks of the image."""

    def _answer(self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, options: Any) -> Answer:
        said = super()._answer(messages, stop, options)
        if "the image that is given here" not in str(messages[-1].text):
            return said
        lines = (f"{line.rstrip('.')} in the image." for line in said.text.splitlines())
        return replace(said, text="\n".join(lines))


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with serving(Seeing(faults=False)) as served:
        yield served


@pytest.fixture(scope="module")
def finished(server: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A run about the images of the example, where they lie, and the bodies of its requests."""
    run = tmp_path_factory.mktemp("finished") / "run"
    said = {"seeds": str(SEEDS), "images": str(IMAGES), "base_url": server.base_url, "num_instructions": 20}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "a-key")
        plan = RunPlan.new(Layer.said(said, "here").over(from_config(EXAMPLE / "images.yaml")))
        with Ledger.create(run, plan.facts()) as ledger:
            assert generate(ledger, plan).ending is Ending.DONE
    return run, list(server.bodies)


@pytest.fixture
def run(finished: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that run, which a test may change."""
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")
    return Path(shutil.copytree(finished[0], tmp_path / "run"))


@pytest.fixture
def moved(run: Path, tmp_path: Path) -> Path:
    """A place to which the images were moved, while the run knows them where they are no more."""
    gone = tmp_path / "gone"
    with Ledger.open(run) as ledger:
        fact = ledger.fact("images")
        ledger.set_fact("images", {**fact, "pool": [{**one, "folder": str(gone)} for one in fact["pool"]]})
    return Path(shutil.copytree(IMAGES, tmp_path / "moved"))


def rows(command: Command, run: Path, format_: str, *more: object) -> list[dict[str, Any]]:
    done = command("export", run, "--format", format_, "--out", run / "rows.jsonl", *more)
    assert done.code == 0, done.err
    return [json.loads(line) for line in (run / "rows.jsonl").read_text().splitlines()]


def shown(body: str) -> tuple[str, bytes | None]:
    """Return the text of a request and the image that its last message shows."""
    *before, content = (message["content"] for message in json.loads(body)["messages"])
    if isinstance(content, str):
        return "\n".join([*before, content]), None
    [image, text] = content
    head, _, data = image["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    return text["text"], b64decode(data)


def test_a_request_shows_an_image_and_so_does_what_follows_from_it(finished: tuple[Path, list[str]]) -> None:
    run, bodies = finished
    asked = [shown(body) for body in bodies]
    of_stage = defaultdict(list)
    for text, image in asked:
        stage = "list" if "new ones, numbered" in text else "kind" if "say its kind" in text else "answer"
        of_stage[stage].append(image)
    assert set(of_stage["kind"]) == {None}
    assert None not in [*of_stage["list"], *of_stage["answer"]]
    with Ledger.open(run, read_only=True) as ledger:
        plan, tasks = RunPlan.of(ledger), list(ledger.tasks())
    by_instruction = {task.instruction: plan.image(task.id.request) for task in tasks}
    answered = [(text.rpartition("Task: ")[2], image) for text, image in asked if image and "new ones, numbered" not in text]
    assert {text for text, _ in answered} == set(by_instruction)
    for text, image in answered:
        assert by_instruction[text]
        assert by_instruction[text].content() == image  # type: ignore[union-attr]
    assert any("in the image." in text for text in by_instruction)


def test_each_image_is_used_as_often_as_any_other() -> None:
    given = {"seeds": str(SEEDS), "images": str(IMAGES), "model": "offline"}
    plan = RunPlan.new(Layer.said(given, "here"))
    first, second = ([plan.image(number) for number in turn] for turn in (range(10), range(10, 20)))
    assert Counter(first) == Counter(second)
    assert len(set(first)) == len(list(IMAGES.iterdir()))
    assert first != second
    assert not {"image", "picture"} & set(plan.settings.instructions.banned_words)
    assert "file" in plan.settings.instructions.banned_words
    assert plan.origins["verifiers.image_talk"] == "a run about images"


def test_what_trains_on_images_gets_them_and_other_formats_refuse(command: Command, run: Path) -> None:
    files = {path.read_bytes() for path in IMAGES.iterdir()}
    for row in rows(command, run, "openai-chat", "--seeds"):
        image, text = row["messages"][0]["content"]
        assert text["type"] == "text"
        assert b64decode(image["image_url"]["url"].partition(",")[2]) in files
    messages = rows(command, run, "messages")
    assert {one["type"] for row in messages for one in row["messages"][0]["content"]} == {"image", "text"}
    assert all(row["messages"][0]["content"][0]["url"].startswith("data:image/png;base64,") for row in messages)
    assert_refused(command("export", run, "--format", "alpaca"), "has no place for images", "openai-chat, messages")
    assert_refused(command("export", run, "--format", "self-instruct"), "has no place for images")
    assert " image: " in command("show", run).out


def test_the_hub_gets_a_column_of_images(command: Command, run: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    done = command("export", run, "--format", "huggingface", "--out", run / "hub", "--seeds")
    assert done.code == 0, done.err
    table = parquet.read_table(run / "hub" / "train.parquet")
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    for row in table.to_pylist():
        assert (IMAGES / row["image"]["path"]).read_bytes() == row["image"]["bytes"]
    card = (run / "hub" / "README.md").read_text()
    assert "dtype: image" in card
    assert str(EXAMPLE) not in card


def test_a_judge_sees_the_image_and_improving_does_too(
    tmp_path: Path, command: Command, run: Path, server: OpenAIServer
) -> None:
    server.bodies.clear()
    assert command("judge", run, "--sample", 3).code == 0
    assert server.bodies
    for body in server.bodies:
        assert shown(body)[1]
        assert "by looking at the image that is given" in body
    server.bodies.clear()
    model = ("--model", "openai:gpt-4.1-mini", "--base-url", server.base_url)
    assert command("improve", run, "--run", tmp_path / "new", *model, "--max-requests", 12).code == 1
    assert server.bodies
    assert all(image for _, image in map(shown, server.bodies))


def test_an_improved_run_is_told_where_the_images_are_now(
    tmp_path: Path, command: Command, run: Path, moved: Path, server: OpenAIServer
) -> None:
    on = ("improve", run, "--run", tmp_path / "new", "--base-url", server.base_url, "--max-requests", 6)
    gone = command(*on)
    assert gone.code == 2
    assert "cannot be read" in gone.said[-1]
    assert command(*on, "--set", f"images={moved}").code == 1  # its budget ends
    with Ledger.open(tmp_path / "new", read_only=True) as ledger:
        assert {one["folder"] for one in ledger.fact("images")["pool"]} == {str(moved)}


def test_people_who_review_see_the_image(command: Command, run: Path) -> None:
    assert command("review", run, "--sample", 3).code == 0
    page = (run / "review.html").read_text()
    items = json.loads(page.partition('<script type="application/json" id="data">')[2].partition("</script>")[0])["items"]
    assert [one["image"].startswith("data:image/png;base64,") for one in items] == [True] * 3


def test_a_run_goes_on_only_with_the_images_that_it_began_with(
    tmp_path: Path, command: Command, run: Path, moved: Path
) -> None:
    on = ("generate", "--run", run, "--num-instructions", 40)
    assert_refused(command(*on), "cannot be read", str(tmp_path / "gone"))
    assert command(*on, "--images", moved).code == 0
    for path in moved.iterdir():
        path.write_bytes(PNG + b"other")
    assert_refused(command(*on, "--images", moved), "has changed since the run began")
    assert_refused(command("export", run, "--format", "messages"), "has changed since the run began")


def test_images_that_cannot_be_used_are_one_line_before_a_run_is_made(tmp_path: Path, command: Command) -> None:
    def refused(*words: str, seeds: Path = SEEDS, **flags: object) -> None:
        given = [word for name, value in flags.items() for word in (f"--{name}", value)]
        assert_refused(command("generate", "--run", tmp_path / "run", "--seeds", seeds, *given), *words)
        assert not (tmp_path / "run").exists()

    folder = tmp_path / "folder"
    refused(str(folder), "is no folder", images=folder)
    folder.mkdir()
    (folder / "notes.txt").write_text("no image")
    refused(str(folder), "holds no image", images=folder)
    (folder / "a.png").write_bytes(b"GIF? no")
    refused("a.png: is no PNG, JPEG, GIF or WebP image", images=folder)
    (folder / "a.png").write_bytes(PNG + bytes(6 * 2**20))
    refused("a.png: is larger than 5 MiB", images=folder)
    refused("sees no image", images=IMAGES, model="openai-completion:davinci-002")
    assert_refused(command("generate", "--run", tmp_path / "run", "--images", IMAGES), "an instance without `image`")


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("none.png", "none.png: cannot be read"),
        ("https://example.org/a.png", "is an address of the web"),
        ("data:image/png;base64,???", "is no data URL"),
    ],
)
def test_a_seed_task_with_an_image_that_cannot_be_used_is_named_by_its_line(
    tmp_path: Path, command: Command, image: str, words: str
) -> None:
    lines = SEEDS.read_text().splitlines()
    broken = json.loads(lines[2])
    broken["instances"][0]["image"] = image
    shutil.copytree(IMAGES, tmp_path / "images")
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text("\n".join([*lines[:2], json.dumps(broken), *lines[3:]]))
    assert_refused(command("generate", "--run", tmp_path / "run", "--seeds", seeds), f"{seeds}:3: instance 1:", words)


def test_seed_tasks_bring_their_own_images_where_no_folder_is_named(tmp_path: Path, command: Command) -> None:
    url = f"data:image/png;base64,{b64encode(PNG).decode()}"
    seeds = tmp_path / "seeds.jsonl"
    tasks = [json.loads(line) for line in SEEDS.read_text().splitlines()]
    for task in tasks:
        task["instances"][0]["image"] = url
    seeds.write_text("\n".join(map(json.dumps, tasks)))
    made = command("generate", "--run", tmp_path / "run", "--seeds", seeds, "--model", "offline", "--num-instructions", 10)
    assert made.code == 0, made.err
    found = rows(command, tmp_path / "run", "openai-chat", "--seeds")
    assert {row["messages"][0]["content"][0]["image_url"]["url"] for row in found} == {url}


def test_the_check_of_seed_tasks_knows_that_they_are_about_images(command: Command) -> None:
    done = command("seeds", "check", SEEDS)
    assert done.code == 0, done.err
    assert "banned word" not in done.out


@pytest.mark.parametrize(
    ("package", "name", "options", "path"),
    [
        ("langchain_anthropic", "ChatAnthropic", {"api_key": "k"}, ("messages", -1, "content", 0, "source", "data")),
        ("langchain_openai", "ChatOpenAI", {"api_key": "k"}, ("messages", -1, "content", 0, "image_url", "url")),
    ],
)
def test_the_packages_of_providers_send_the_block_as_their_servers_take_it(
    package: str, name: str, options: dict[str, str], path: tuple[str | int, ...]
) -> None:
    model = getattr(pytest.importorskip(package), name)(model="any", **options)
    image = Image.found("face.png", IMAGES)
    prompt = prompt_set(image=True).input_first.format_prompt(instruction="Describe it.")
    value = ImagePromptValue(prompt=prompt, image=image.block(), label=image.label)
    sent: Any = model._get_request_payload(value.to_messages())
    for step in path:
        sent = sent[step]
    assert sent.removeprefix("data:image/png;base64,") == image.base64()


def test_the_images_of_the_example_are_those_that_its_script_draws() -> None:
    spec = importlib.util.spec_from_file_location("draw", EXAMPLE / "draw.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    drawn = {f"{name}.png": picture for name, picture in module.PICTURES.items()}
    assert drawn.keys() == {path.name for path in IMAGES.iterdir()}
    for name, picture in drawn.items():
        assert module.png(picture)[:60] == (IMAGES / name).read_bytes()[:60]  # what zlib packs differs by its version

"""A loopback server that sells batches as OpenAI and Anthropic do, as far as clients see it, with all that goes wrong there.

Behind it is a LangChain chat model, which answers a line when its batch ends, and a request that is sent online at once.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, RLock
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, convert_to_messages
from support.loopback import JsonHandler, served

PATIENCE_S = 60.0
ANTHROPIC_ROLES = {"user", "assistant"}


@dataclass
class Trap:
    """What goes wrong, each for the next batches it can befall: how many more.

    `expire` leaves all but the first line unanswered, `cancel` too, as somebody else's doing; `fail` answers every second line
    with an error 500; `refuse` the first with a refusal of its content; `parameter` every line for its `temperature`; `quota`
    takes no batch of more than so many lines; `only_errors` completes without an output file; `scramble` gives lines in
    reverse, one of them twice, once more cut off, and one unknown; `lose` makes what is asked
    for, and its answer never arrives.
    """

    expire: int = 0
    cancel: int = 0
    fail: int = 0
    refuse: int = 0
    parameter: int = 0
    quota: int | None = None
    only_errors: int = 0
    scramble: int = 0
    lose: Counter[str] = field(default_factory=Counter)
    unavailable: Counter[str] = field(default_factory=Counter)
    denied: set[str] = field(default_factory=set)

    def falls(self, name: str) -> bool:
        """Return whether a trap befalls this batch, and count it."""
        left = getattr(self, name)
        setattr(self, name, max(0, left - 1))
        return bool(left)


class BatchServer(ThreadingHTTPServer):
    """Keeps `files` and `batches` by id, and counts lines and requests by their bodies.

    A batch is done at its `looks`-th look; None: never by itself. `lines` counts the lines that were answered (and so are
    paid for) and `online` the requests outside of batches. `bodies` are all that was asked, in batches or online.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, model: BaseChatModel, looks: int | None = 1) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model
        self.looks = looks
        self.trap = Trap()
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.requests: dict[str, list[dict[str, Any]]] = {}  # of a batch
        self.results: dict[str, bytes] = {}
        self.lines: Counter[str] = Counter()
        self.online: Counter[str] = Counter()
        self.looked: Counter[str] = Counter()
        self.lock = RLock()
        self.changed = Condition(self.lock)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def root_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def made(self) -> list[list[str]]:
        """The custom ids of each batch, in the order in which they were made."""
        return [[line["custom_id"] for line in lines] for lines in self.requests.values()]

    def wait_for_look(self) -> None:
        """Return when a batch was looked at that is under way."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.looked.total() > 0, PATIENCE_S)

    def answer(self, body: dict[str, Any]) -> AIMessage:
        """Return the model's answer to a request's body, of any of the three protocols."""
        if "prompt" in body:
            return self.model.invoke([HumanMessage(body["prompt"][0])], stop=body.get("stop"))
        system = [{"role": "system", "content": body["system"]}] if "system" in body else []
        return self.model.invoke(
            convert_to_messages([*system, *body["messages"]]), stop=body.get("stop") or body.get("stop_sequences")
        )

    # OpenAI

    def add_file(self, raw: bytes) -> dict[str, Any]:
        name = re.search(rb'filename="([^"]+)"', raw)
        assert name
        content = raw.partition(b'filename="')[2].partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
        return self.keep_file(name[1].decode(), content, "batch")

    def keep_file(self, name: str, content: bytes, purpose: str) -> dict[str, Any]:
        made = {
            "id": f"file-{len(self.files) + 1}", "object": "file", "bytes": len(content), "created_at": int(time.time()),
            "status": "processed", "filename": name, "purpose": purpose,
        }  # fmt: skip
        self.files[made["id"]] = made
        self.contents[made["id"]] = content
        return made

    def add_batch(self, wanted: dict[str, Any]) -> dict[str, Any]:
        lines = [json.loads(line) for line in self.contents[wanted["input_file_id"]].splitlines()]
        assert all(len(line["custom_id"]) <= 64 and line["url"] == wanted["endpoint"] for line in lines)
        assert len({line["body"]["model"] for line in lines}) == 1
        made = {
            "id": f"batch_{len(self.batches) + 1}", "object": "batch", "status": "validating",
            "created_at": int(time.time()), "request_counts": {"total": len(lines), "completed": 0, "failed": 0}, **wanted,
        }  # fmt: skip
        self.batches[made["id"]] = made
        self.requests[made["id"]] = lines
        return made

    def look(self, name: str) -> dict[str, Any]:
        batch, lines = self.batches[name], self.requests[name]
        self.looked[name] += 1
        self.changed.notify_all()
        if batch["status"] in ("completed", "failed", "expired", "cancelled"):
            return batch
        if self.trap.quota is not None and len(lines) > self.trap.quota:
            fault = {"code": "token_limit_exceeded", "message": "Enqueued token limit reached", "line": None, "param": None}
            return self._become(batch, "failed", errors={"object": "list", "data": [fault]})
        if batch["status"] == "cancelling":
            return self._finish(batch, lines[: len(lines) // 2], "cancelled")
        if self.looks is None or self.looked[name] < self.looks:
            return self._become(batch, "in_progress")
        if self.trap.falls("expire"):
            return self._finish(batch, lines[:1], "expired")
        if self.trap.falls("cancel"):
            return self._finish(batch, lines[:1], "cancelled")
        return self._finish(batch, lines, "completed")

    def cancel(self, name: str) -> dict[str, Any]:
        return self._become(self.batches[name], "cancelling")

    def _become(self, batch: dict[str, Any], status: str, **more: Any) -> dict[str, Any]:
        batch.update(status=status, **more)
        return batch

    def _finish(self, batch: dict[str, Any], asked: list[dict[str, Any]], status: str) -> dict[str, Any]:
        output, errors = [], []
        for number, line in enumerate(self.requests[batch["id"]]):
            told = {"id": f"req-{number}", "custom_id": line["custom_id"]}
            if line not in asked:
                why = {"code": f"batch_{status}", "message": f"the batch {status}"}
                errors.append({**told, "response": None, "error": why})
            elif fault := self.fault(number):
                response = {"status_code": fault[0], "request_id": "r", "body": {"error": fault[1]}}
                errors.append({**told, "response": response, "error": None})
            else:
                self.lines[key(line["body"])] += 1
                body = (completion if "prompt" in line["body"] else chat)(self.answer(line["body"]))
                output.append({**told, "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None})
        batch["request_counts"].update(completed=len(output), failed=len(errors))
        files = {"output_file_id": self._file(output), "error_file_id": self._file(errors)}
        return self._become(batch, status, **{name: file for name, file in files.items() if file})

    def _file(self, rows: list[dict[str, Any]]) -> str | None:
        if not rows:
            return None
        return str(self.keep_file("result.jsonl", self.written(rows), "batch_output")["id"])

    def fault(self, number: int) -> tuple[int, dict[str, Any]] | None:
        """Return the status and error of a line that has no answer; None of one that has."""
        trap = self.trap
        if number == 0:
            self.now = {name: trap.falls(name) for name in ("only_errors", "fail", "refuse", "parameter")}
        if self.now["only_errors"] or (self.now["fail"] and number % 2):
            return 500, {"message": "the server had an error", "type": "server_error", "code": None, "param": None}
        if self.now["refuse"] and number == 0:
            return 400, {"message": "it is against the policy", "type": "invalid", "code": "content_filter", "param": None}
        if self.now["parameter"]:
            words = "Unsupported parameter: 'temperature' is not supported with this model."
            return 400, {"message": words, "type": "invalid", "code": "unsupported_parameter", "param": "temperature"}
        return None

    def written(self, rows: list[dict[str, Any]]) -> bytes:
        lines = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
        if self.trap.falls("scramble") and lines:
            stranger = json.dumps({**rows[0], "custom_id": "somebody-7"}).encode()
            lines = [*reversed(lines), lines[0], stranger, b"", lines[0][: len(lines[0]) // 2]]
        return b"\n".join(lines)

    # Anthropic

    def add_message_batch(self, wanted: dict[str, Any]) -> dict[str, Any]:
        lines = wanted["requests"]
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", line["custom_id"]) for line in lines)
        now = datetime.now(UTC).isoformat()
        made = {
            "id": f"msgbatch_{len(self.batches) + 1}", "type": "message_batch", "processing_status": "in_progress",
            "created_at": now, "expires_at": now, "results_url": None, "cancel_initiated_at": None,
            "request_counts": {"processing": len(lines), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
        }  # fmt: skip
        self.batches[made["id"]] = made
        self.requests[made["id"]] = lines
        return made

    def look_at_messages(self, name: str) -> dict[str, Any]:
        batch, lines = self.batches[name], self.requests[name]
        self.looked[name] += 1
        self.changed.notify_all()
        if batch["processing_status"] == "ended":
            return batch
        if batch["processing_status"] == "canceling":
            return self._end(batch, lines[: len(lines) // 2], "canceled")
        if self.looks is None or self.looked[name] < self.looks:
            return batch
        return self._end(batch, lines[:1] if self.trap.falls("expire") else lines, "expired")

    def cancel_messages(self, name: str) -> dict[str, Any]:
        batch = self.batches[name]
        batch.update(processing_status="canceling", cancel_initiated_at=datetime.now(UTC).isoformat())
        return batch

    def _end(self, batch: dict[str, Any], asked: list[dict[str, Any]], otherwise: str) -> dict[str, Any]:
        rows, counts = [], Counter[str]()
        for number, line in enumerate(self.requests[batch["id"]]):
            result: dict[str, Any] = {"type": otherwise}
            if line in asked and (fault := self.fault(number)):
                kind = "api_error" if fault[0] == 500 else "invalid_request_error"
                told = {"type": kind, "message": fault[1]["message"]}
                result = {"type": "errored", "error": {"type": "error", "error": told, "request_id": "r"}}
            elif line in asked:
                self.lines[key(line["params"])] += 1
                result = {"type": "succeeded", "message": anthropic_message(self.answer(line["params"]))}
            counts[result["type"]] += 1
            rows.append({"custom_id": line["custom_id"], "result": result})
        self.results[batch["id"]] = self.written(rows)
        all_counts = {name: counts[name] for name in ("succeeded", "errored", "canceled", "expired")}
        batch.update(
            processing_status="ended",
            request_counts={"processing": 0, **all_counts},
            results_url=f"{self.root_url}/v1/messages/batches/{batch['id']}/results",
        )
        return batch


@contextmanager
def batch_server(model: BaseChatModel, looks: int | None = 1) -> Iterator[BatchServer]:
    """Serve until the end of the block."""
    with served(BatchServer(model, looks)) as server:
        yield server


def key(body: dict[str, Any]) -> str:
    """Return a request's body as a key to count by."""
    return json.dumps(body, sort_keys=True)


def chat(reply: AIMessage) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}, "finish_reason": "stop"}
    about = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "served"}
    return {**about, "choices": [choice], "usage": usage(reply, "prompt_tokens", "completion_tokens")}


def completion(reply: AIMessage) -> dict[str, Any]:
    choice = {"index": 0, "text": str(reply.text), "logprobs": None, "finish_reason": "stop"}
    about = {"id": "cmpl-1", "object": "text_completion", "created": 0, "model": "served"}
    return {**about, "choices": [choice], "usage": usage(reply, "prompt_tokens", "completion_tokens")}


def anthropic_message(reply: AIMessage) -> dict[str, Any]:
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "served", "stop_reason": "end_turn",
        "stop_sequence": None, "content": [{"type": "text", "text": str(reply.text)}],
        "usage": usage(reply, "input_tokens", "output_tokens"),
    }  # fmt: skip


def usage(reply: AIMessage, read: str, written: str) -> dict[str, int]:
    assert reply.usage_metadata
    counted = {read: reply.usage_metadata["input_tokens"], written: reply.usage_metadata["output_tokens"]}
    return counted if read == "input_tokens" else {**counted, "total_tokens": sum(counted.values())}


class _Handler(JsonHandler, BaseHTTPRequestHandler):
    server: BatchServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/v1/")
        with self.server.lock:
            self._get(path)

    def _get(self, path: str) -> None:
        server, name = self.server, path.split("/")
        if path == "files":
            self._answer("GET files", _listed(server.files))
        elif path == "batches":
            self._answer("GET batches", _listed(server.batches))
        elif path == "messages/batches":
            for batch_id in server.batches:
                server.look_at_messages(batch_id)  # as time does elsewhere
            self._answer("GET batches", {**_listed(server.batches), "first_id": None, "last_id": None})
        elif name[0] == "files":
            self._send("GET content", server.contents[name[1]])
        elif name[0] == "batches":
            self._answer("GET batch", server.look(name[1]))
        elif path.endswith("/results"):
            self._send("GET content", server.results[name[2]])
        elif path.startswith("messages/batches/"):
            self._answer("GET batch", server.look_at_messages(name[2]))
        else:
            self.send_json({"error": {"message": f"no such path: {path}"}}, 404)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        path = self.path.partition("?")[0].removeprefix("/v1/")
        with self.server.lock:
            self._post(path, raw)

    def _post(self, path: str, raw: bytes) -> None:
        server, name = self.server, path.split("/")
        if path in server.trap.denied:
            self.send_json({"error": {"message": f"{path} denied", "type": "invalid_request_error"}}, 401)
        elif server.trap.unavailable[path]:
            server.trap.unavailable[path] -= 1
            self.send_json({"error": {"message": "later"}}, 503)
        elif path == "files":
            self._answer("files", server.add_file(raw))
        elif path.endswith("/cancel"):
            self._answer("cancel", server.cancel(name[1]) if name[0] == "batches" else server.cancel_messages(name[2]))
        elif path == "batches":
            self._answer("batches", server.add_batch(json.loads(raw)))
        elif path == "messages/batches":
            self._answer("batches", server.add_message_batch(json.loads(raw)))
        else:
            self._online(path, json.loads(raw))

    def _online(self, path: str, body: dict[str, Any]) -> None:
        self.server.online[key(body)] += 1
        form = {"chat/completions": chat, "completions": completion, "messages": anthropic_message}[path]
        self.send_json(form(self.server.answer(body)))

    def _answer(self, what: str, answer: dict[str, Any]) -> None:
        if not self._is_lost(what):
            self.send_json(answer)

    def _send(self, what: str, content: bytes) -> None:
        if self._is_lost(what):
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _is_lost(self, what: str) -> bool:
        if not self.server.trap.lose[what]:
            return False
        self.server.trap.lose[what] -= 1
        self.close_connection = True
        self.connection.close()
        return True


def _listed(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": list(reversed(found.values())), "has_more": False}

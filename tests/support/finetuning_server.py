"""A loopback server that trains as OpenAI's API does, as far as clients see it: files, jobs, events, and their failures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any

from support.loopback import JsonHandler, served

DONE = ("validating_files", "queued", "running", "succeeded")


class FinetuningServer(ThreadingHTTPServer):
    """Keeps `files` and `jobs` by id. A job's status goes through `statuses`, one a look, and stays at the last.

    `refuse` answers a path with a status; what is in `lose` is done, but its answer never arrives.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.statuses = DONE
        self.error: str | None = None
        self.refuse: dict[str, int] = {}
        self.lose: set[str] = set()
        self.looks = 0
        self.looked = Event()  # that the events of a job were given

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def add_file(self, body: bytes) -> dict[str, Any]:
        name = re.search(rb'filename="([^"]+)"', body)
        assert name
        made = {
            "id": f"file-{len(self.files) + 1}", "object": "file", "bytes": len(body), "created_at": 1, "status": "processed",
            "filename": name[1].decode(), "purpose": "fine-tune",
        }  # fmt: skip
        self.files[made["id"]] = made
        self.contents[made["id"]] = body
        return made

    def add_job(self, wanted: dict[str, Any]) -> dict[str, Any]:
        made = {
            "id": f"ftjob-{len(self.jobs) + 1}", "object": "fine_tuning.job", "created_at": 1, "organization_id": "org",
            "hyperparameters": {}, "result_files": [], "status": self.statuses[0], "fine_tuned_model": None, **wanted,
        }  # fmt: skip
        self.jobs[made["id"]] = made
        return made

    def look(self, name: str) -> dict[str, Any]:
        job = self.jobs[name]
        job["status"] = self.statuses[min(self.looks, len(self.statuses) - 1)]
        self.looks += 1
        if job["status"] == "succeeded":
            job["fine_tuned_model"] = f"ft:{job['model']}:org::1"
        if job["status"] == "failed":
            job["error"] = {"code": "invalid", "message": self.error or "no reason", "param": None}
        return job


@contextmanager
def finetuning_server() -> Iterator[FinetuningServer]:
    """Serve until the end of the block."""
    with served(FinetuningServer()) as server:
        yield server


class _Handler(JsonHandler, BaseHTTPRequestHandler):
    server: FinetuningServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/v1/")
        if path == "files":
            self._answer("GET files", {"object": "list", "data": list(self.server.files.values()), "has_more": False})
        elif path == "fine_tuning/jobs":
            self._answer("GET jobs", {"object": "list", "data": list(self.server.jobs.values()), "has_more": False})
        elif path.endswith("/events"):
            self._answer("GET events", {"object": "list", "data": self._events(), "has_more": False})
            self.server.looked.set()
        else:
            self._answer("GET job", self.server.look(path.rpartition("/")[2]))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = self.path.removeprefix("/v1/").rpartition("/")[2]
        if path in self.server.refuse:
            self._answer(path, {})
        elif path == "files":
            self._answer("files", self.server.add_file(body))
        else:
            self._answer("jobs", self.server.add_job(json.loads(body)))

    def _events(self) -> list[dict[str, Any]]:
        about = {"object": "fine_tuning.job.event", "created_at": 1, "level": "info"}
        return [{**about, "id": f"e{number}", "message": f"step {number}"} for number in range(self.server.looks, 0, -1)]

    def _answer(self, what: str, answer: dict[str, Any]) -> None:
        if what in self.server.lose:
            self.server.lose.discard(what)
            self.close_connection = True
            self.connection.close()
        elif status := self.server.refuse.get(what):
            self.send_json({"error": {"message": f"{what} refused", "type": "invalid_request_error"}}, status)
        else:
            self.send_json(answer)

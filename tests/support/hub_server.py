"""A loopback server that takes datasets as the Hugging Face hub does, as far as an upload of small files asks of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml
from support.loopback import JsonHandler, served

TOKEN = "hf_of_the_test"


class HubServer(ThreadingHTTPServer):
    """Keeps the files of every dataset uploaded, by name; those made private are in `private`. Other keys than ours get 401."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.datasets: dict[str, dict[str, bytes]] = {}
        self.private: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def hub() -> Iterator[HubServer]:
    """Serve until the end of the block."""
    with served(HubServer()) as server:
        yield server


class _Handler(JsonHandler, BaseHTTPRequestHandler):
    server: HubServer

    def do_GET(self) -> None:
        name, _, what = self.path.partition("?")[0].removeprefix("/api/datasets/").partition("/tree/")
        name = name.partition("/revision/")[0]
        files = self.server.datasets.get(name)
        if files is None:
            self.send_json({"error": "Repository not found"}, 401)  # as the hub says to a key it does not know
        elif what:
            self.send_json([{"type": "file", "path": file, "size": len(data), "oid": "0"} for file, data in files.items()])
        else:
            self.send_json({"id": name, "sha": "0" * 40, "private": True, "siblings": [{"rfilename": file} for file in files]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.send_json({"error": "Invalid username or password."}, 401)
        elif self.path == "/api/repos/create":
            self._create(json.loads(body))
        elif self.path == "/api/validate-yaml":
            self._validate(json.loads(body))
        elif "/preupload/" in self.path:
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in json.loads(body)["files"]
            ]
            self.send_json({"files": files})
        elif "/commit/" in self.path:
            self._commit(body)
        else:
            self.send_json({"error": f"no such path: {self.path}"}, 404)

    def _create(self, asked: dict[str, Any]) -> None:
        owner = asked.get("organization") or "me"
        name = f"{owner}/{asked['name']}"
        if asked.get("private") or asked.get("visibility") == "private":
            self.server.private.add(name)
        status = 409 if name in self.server.datasets else 200
        self.server.datasets.setdefault(name, {})
        self.send_json({"url": f"{self.server.url}/datasets/{name}"}, status)

    def _validate(self, asked: dict[str, Any]) -> None:
        _, matter, _ = asked["content"].split("---\n", 2)
        faults = [] if yaml.safe_load(matter)["license"] else [{"message": "no license"}]
        self.send_json({"errors": faults, "warnings": []}, 400 if faults else 200)

    def _commit(self, body: bytes) -> None:
        name = self.path.removeprefix("/api/datasets/").partition("/commit/")[0]
        files = self.server.datasets[name]
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            elif line["key"] == "deletedFile":
                del files[line["value"]["path"]]
        self.send_json({"commitUrl": f"{self.server.url}/datasets/{name}/commit/0", "commitOid": "0" * 40, "hookOutput": ""})

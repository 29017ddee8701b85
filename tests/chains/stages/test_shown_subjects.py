"""What a request names its tasks to be about comes back as a title, and is taken away wherever the reply is read."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.scripted import ScriptedAsker, plan, reply_to

from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.replaying import replay
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import StageName
from self_instruct.settings.layers import Layer


def titled(request: RequestId, given: Mapping[str, Any]) -> Reply:
    """Answer as ever, each list with the first subject of its prompt above its first instruction."""
    reply = plainly(request, given)
    if request.stage != StageName.INSTRUCTIONS:
        return reply
    subject = given["text"].rpartition(": the first about ")[2].partition(",")[0]
    return Reply(f"9. {subject}\n{reply.text.removeprefix('9. ')}", "stop", reply.usage)


def plainly(request: RequestId, given: Mapping[str, Any]) -> Reply:
    """Answer as ever, the first instruction long enough to be told from a title."""
    reply = reply_to(request, given)
    return Reply(f"9. Please say of {reply.text.strip()}", "stop") if request.stage == StageName.INSTRUCTIONS else reply


def test_a_subject_of_the_request_is_no_part_of_what_a_run_or_its_replay_keeps(tmp_path: Path) -> None:
    decided = plan(num_instructions=20)
    with Ledger.create(tmp_path / "plain", decided.facts()) as ledger:
        asyncio.run(Loop(ledger, decided, ScriptedAsker(plainly)).run())
        plain = [task.instruction for task in ledger.tasks()]
    with Ledger.create(tmp_path / "run", decided.facts()) as ledger:
        asyncio.run(Loop(ledger, decided, ScriptedAsker(titled)).run())
        kept = [task.instruction for task in ledger.tasks()]
        with replay(ledger, tmp_path / "other", Layer.said({}, "test")) as other:
            again = [task.instruction for task in other.tasks()]
    assert any(one.startswith("Please say of") for one in plain)
    assert plain == kept == again[: len(kept)]

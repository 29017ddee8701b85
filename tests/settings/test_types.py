"""What a type checker says to somebody who uses settings and models as the documentation does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from self_instruct.chains import load_model
from self_instruct.settings import PAPER, Settings

settings = Settings(novelty={"threshold": 0.6}, stages={"difficulty": {"parameters": {"n": 1}}}, num_instructions=5)
papers = Settings(**PAPER)
prompt = ChatPromptTemplate.from_messages([("human", "{question}")])
chain = prompt | load_model("offline") | StrOutputParser()
answer: str = chain.invoke({"question": "Is it?"})
threshold: str = settings.novelty.threshold
wrong: int = settings.novelty.threshold
"""


@pytest.mark.parametrize("plugins", ["", "plugins = pydantic.mypy\n"], ids=["without the plugin", "with the plugin"])
def test_the_documented_use_passes_a_strict_type_checker(tmp_path: Path, plugins: str) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    installed = "[mypy-self_instruct.*]\nignore_errors = true\n"  # as mypy reads an installed package: no function bodies
    (tmp_path / "mypy.ini").write_text(f"[mypy]\nstrict = true\n{plugins}{installed}", encoding="utf-8")
    cache = ROOT / ".mypy_cache" / ("users_with_plugin" if plugins else "users")  # kept, since the first run takes its time
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--cache-dir", str(cache), "program.py"],
        cwd=tmp_path, env={**os.environ, "MYPYPATH": str(ROOT / "tests" / ".namespace")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [line for line in done.stdout.splitlines() if line.startswith("program.py")]
    expected = 'program.py:14: error: Incompatible types in assignment (expression has type "str", variable has type "int")'
    assert said == [f"{expected}  [assignment]"], done.stdout + done.stderr

"""A shell completes commands, options and their choices."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import Any

import pytest

ASK = """
source ./completion
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_shtab_replication
echo "${{COMPREPLY[@]}}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["replication", "replicate", "--root"], "--root-seed"),
        (["replication", "compare", "runs.csv", "--failures", "ex"], "excluded"),
    ],
)
def test_bash_offers_what_fits(tmp_path: Any, run: Any, words: list[str], offered: str) -> None:
    (tmp_path / "completion").write_text(run("--print-completion", "bash"))
    answer = subprocess.run(
        ["bash", "-c", ASK.format(words=shlex.join(words))],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout.split() == [offered]

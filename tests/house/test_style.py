"""The house style that a machine can check: formatting, lint, types."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [str(ROOT / "src"), str(ROOT / "tests")]


@pytest.mark.timeout(300)  # mypy starts without a cache
@pytest.mark.parametrize(
    "tool",
    [
        ["ruff", "format", "--check", *SOURCES],
        ["ruff", "check", "--no-cache", *SOURCES],
        ["mypy", "--cache-dir", "/dev/null", "--config-file", str(ROOT / "pyproject.toml"), str(ROOT / "src")],
    ],
    ids=["formatted", "linted", "typed"],
)
def test_code_is(tool: list[str]) -> None:
    checked = subprocess.run([sys.executable, "-m", *tool], cwd=ROOT, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr

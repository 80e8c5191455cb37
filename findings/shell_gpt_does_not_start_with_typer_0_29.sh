#!/usr/bin/env bash
# Shell GPT, installed as its page says, does not start: it imports Click, which comes with Typer no more.
#
# Software: shell-gpt 1.5.1, whose requirements allow every newer Typer; typer 0.29.2
# Expected: `pip install shell-gpt` and `sgpt --help` work.
# Seen:     ModuleNotFoundError: No module named 'click'; after `pip install click` it starts.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q "shell-gpt==1.5.1" "typer==0.29.2"
export HOME="$work" OPENAI_API_KEY=none
if "$work/venv/bin/sgpt" --help </dev/null >"$work/said.txt" 2>&1; then
  echo "it starts" && exit 1
fi
tail -1 "$work/said.txt"
grep -q "No module named 'click'" "$work/said.txt"
"$work/venv/bin/pip" install -q click
"$work/venv/bin/sgpt" --help </dev/null >/dev/null && echo "with click it starts"

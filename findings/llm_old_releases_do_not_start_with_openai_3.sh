#!/usr/bin/env bash
# An older llm that is installed today does not start.
#
# Software: llm 0.28 with openai 3.54.0
# Expected: `pip install llm==0.28` gives an `llm` that starts.
# Seen:     "ModuleNotFoundError: No module named 'httpx'": it imports httpx without requiring it, and puts no upper
#           bound on openai, which no longer brings it since version 3. With openai before 2 it starts.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q "llm==0.28" "openai==3.54.0"
export LLM_USER_PATH="$work/user"
"$work/env/bin/llm" --version > "$work/seen" 2>&1 && started=yes || started=no
tail -1 "$work/seen"
"$work/env/bin/pip" install -q "openai<2"
"$work/env/bin/llm" --version
[ "$started" = no ] && grep -q "No module named 'httpx'" "$work/seen"

#!/usr/bin/env bash
# `llm logs --json` cuts what was given along with a question to 100 characters, though nobody asks for that.
#
# Software: llm 0.36
# Expected: JSON for other programs is whole: "-t, --truncate: Truncate long strings in output" is not set.
# Seen:     `prompt_fragments[].content` has 100 characters and ends in "...", while `prompt` beside it is whole and has
#           the fragment in it; with `-e`, which is said to be for showing fragments, it is whole there too.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q "llm==0.36" "openai<4" httpx
cat > "$work/run.py" <<'PY'
import sys, types, llm
from llm import cli, plugins
class Echo(llm.Model):
    model_id = "echo"
    def execute(self, prompt, stream, response, conversation=None, **options):
        yield "Long."
module = types.ModuleType("echo")
@llm.hookimpl
def register_models(register):
    register(Echo())
module.register_models = register_models
plugins.pm.register(module, "echo")
sys.argv = ["llm", *sys.argv[1:]]
cli.cli()
PY
export LLM_USER_PATH="$work/user"
printf 'word %.0s' {1..400} > "$work/long.txt"
"$work/venv/bin/python" "$work/run.py" -m echo -f "$work/long.txt" "How long?" < /dev/null
"$work/venv/bin/python" "$work/run.py" logs list --json > "$work/plain.json"
"$work/venv/bin/python" "$work/run.py" logs list --json -e > "$work/expanded.json"
python3 - "$work" <<'PY'
import json, sys
plain, expanded = (json.load(open(f"{sys.argv[1]}/{name}.json"))[0] for name in ("plain", "expanded"))
cut, whole = (told["prompt_fragments"][0]["content"] for told in (plain, expanded))
print("fragment:", len(cut), repr(cut[-12:]), "| in the prompt:", plain["prompt"].startswith("word " * 400), "| with -e:", len(whole))
sys.exit(0 if len(cut) == 100 and cut.endswith("...") and plain["prompt"].startswith("word " * 400) and len(whole) == 2000 else 1)
PY

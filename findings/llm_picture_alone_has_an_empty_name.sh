#!/usr/bin/env bash
# A conversation that begins with a picture alone is named "", not NULL.
#
# Software: llm 0.31.1 (`conversations`) and 0.36 (`threads`)
# Expected: `name` is NULL, or says something: the column is what lists of conversations show.
# Seen:     an empty text: who tests for NULL shows a conversation without a title.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/run.py" <<'PY'
import sys, types, llm
from llm import cli, plugins
class Echo(llm.Model):
    model_id = "echo"
    attachment_types = {"image/png"}
    def execute(self, prompt, stream, response, conversation=None, **options):
        yield "a picture"
module = types.ModuleType("echo")
@llm.hookimpl
def register_models(register):
    register(Echo())
module.register_models = register_models
plugins.pm.register(module, "echo")
sys.argv = ["llm", *sys.argv[1:]]
cli.cli()
PY
printf '\211PNG\r\n\032\n' > "$work/p.png"
for version in 0.31.1 0.36; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install -q "llm==$version" "openai<4" httpx
    LLM_USER_PATH="$work/user-$version" "$work/$version/bin/python" "$work/run.py" -m echo "" --at "$work/p.png" image/png < /dev/null
done
python3 - "$work" <<'PY'
import sqlite3, sys
names = []
for version, table in (("0.31.1", "conversations"), ("0.36", "threads")):
    log = sqlite3.connect(f"{sys.argv[1]}/user-{version}/logs.db")
    names += [name for (name,) in log.execute(f"SELECT name FROM {table}")]
    print(version, table, names[-1:])
sys.exit(0 if names == ["", ""] else 1)
PY

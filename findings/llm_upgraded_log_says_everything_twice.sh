#!/usr/bin/env bash
# A log that an upgraded llm goes on with says the conversation twice.
#
# Software: llm 0.36 on a log of llm 0.31.1
# Expected: each message is there once: a conversation is read in two halves, from `responses` and from `threads`.
# Seen:     `threads` has a row with the id of the conversation, whose messages begin with the same question and answer
#           again, under hashes, and without what was attached to the question.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/old" && "$work/old/bin/pip" install -q "llm==0.31.1" "openai<3" httpx
python3 -m venv "$work/new" && "$work/new/bin/pip" install -q "llm==0.36"
cat > "$work/run.py" <<'PY'
import sys, types, llm
from llm import cli, plugins
class Echo(llm.Model):
    model_id = "echo"
    attachment_types = {"image/png"}
    def execute(self, prompt, stream, response, conversation=None, **options):
        yield f"answer to {prompt.prompt}"
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
export LLM_USER_PATH="$work/user"
"$work/old/bin/python" "$work/run.py" -m echo "One?" --at "$work/p.png" image/png < /dev/null
"$work/new/bin/python" "$work/run.py" -c "Two?" < /dev/null
python3 - "$work/user/logs.db" <<'PY'
import sqlite3, sys
log = sqlite3.connect(sys.argv[1])
old = log.execute("SELECT conversation_id, prompt, response FROM responses").fetchall()
threads = log.execute("SELECT id FROM threads").fetchall()
texts = log.execute("SELECT type, text FROM parts ORDER BY id").fetchall()
attached = log.execute("SELECT count(*) FROM prompt_attachments").fetchone()[0]
print("responses:", old, "\nthreads:", threads, "\nparts:", texts, "\nattached to the old question:", attached)
same_id = [(row[0],) for row in old] == threads
twice = ("text", "One?") in texts and ("text", "answer to One?") in texts
lost = attached == 1 and not any(kind == "attachment" for kind, _ in texts)
sys.exit(0 if same_id and twice and lost else 1)
PY

#!/usr/bin/env bash
# aider gives back a history that it has written itself with headings of answers as questions, and without quotations.
#
# Software: aider-chat 0.86.2
# Expected: `--restore-chat-history` reads `.aider.chat.history.md` as what was said: a question and its answer. Lines of
#           a user and of the program are written with two blanks at their ends, so those of an answer can be told.
# Seen:     split_chat_history_markdown(), which it reads the file with, takes each line that begins with `#### ` for the
#           user's, also a heading in an answer, and drops each that begins with `> `, also a quotation.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env && export PATH="$work/env/bin:$PATH"
pip install -q --no-deps 'aider-chat==0.86.2' oslex==0.1.3 packaging==24.2 prompt_toolkit==3.0.52 pygments==2.19.2 \
    rich==14.1.0 markdown-it-py==3.0.0 mdurl==0.1.2 wcwidth==0.2.13 pexpect==4.9.0 ptyprocess==0.7.0
python - <<'PYTHON'
import sys
from pathlib import Path

from aider.io import InputOutput
from aider.utils import split_chat_history_markdown

history = Path("history.md")
io = InputOutput(pretty=False, yes=True, chat_history_file=history)
io.user_input("How do I bake bread?")
io.ai_output("In two steps:\n\n#### Knead it\n\nAs they say:\n\n> Patience\n\nThen wait.")
told = [(it["role"], it["content"].strip()) for it in split_chat_history_markdown(history.read_text())]
print(*told, sep="\n")
sys.exit(
    told
    != [
        ("user", "How do I bake bread?"),
        ("assistant", "In two steps:"),
        ("user", "Knead it"),
        ("assistant", "As they say:"),
        ("assistant", "Then wait."),
    ]
)
PYTHON

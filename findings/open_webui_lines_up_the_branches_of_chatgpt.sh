#!/usr/bin/env bash
# Open WebUI's import of a ChatGPT export puts all branches of a conversation one behind the other.
#
# Software: open-webui 0.12.4 (its page converts the export; that code runs here as the wheel has it)
# Expected: a question with two answers, each gone on with, as two branches: Open WebUI has branches, and each node of
#           the export names its parent and the conversation its `current_node`.
# Seen:     parents are not looked at. Each message stands below the one that comes before it in the file, the answer
#           that was made again behind the first, and what was asked next below the other branch; the last of the file is
#           on show, not `current_node`; a model that is asked on is sent all of it. What was thought is an empty answer.
# Exit code: 0 while it is so, 1 once it is not.
set -euo pipefail
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip download -q --no-deps 'open-webui==0.12.4'
env/bin/python - <<'PYTHON'
import glob
import zipfile

wheel = zipfile.ZipFile(glob.glob("*.whl")[0])
pages = (wheel.read(name).decode() for name in wheel.namelist() if name.endswith(".js") and "/immutable/" in name)
page = next(it for it in pages if '"mapping"in e)?"openai":"webui"' in it)
code = page[page.index("of=n=>{") : page.index(",wh=n=>")]
print("0.12.4: the converter has", len(code), "characters")
open("convert.js", "w").write(f"const {code};\nmodule.exports = _h;\n")
PYTHON
cat >ask.js <<'JS'
const convert = require("./convert.js");
const mapping = {};
function node(id, parent, role, content) {
  if (parent) mapping[parent].children.push(id);
  mapping[id] = { id, parent, children: [], message: role && { id, author: { role }, create_time: 1, content, metadata: {} } };
}
const text = (words) => ({ content_type: "text", parts: [words] });
node("root", null, null);
node("question", "root", "user", text("Why?"));
node("thoughts", "question", "assistant", { content_type: "thoughts", thoughts: [{ summary: "", content: "Hm" }] });
node("first", "thoughts", "assistant", text("Therefore."));
node("again", "question", "assistant", text("Because."));
node("next", "first", "user", text("And then?"));
node("end", "next", "assistant", text("Nothing."));
const chat = { id: "c", title: "T", create_time: 1, update_time: 1, current_node: "again", mapping };
const { history } = convert([chat])[0].chat;
const line = [];
for (let id = history.currentId; id; id = history.messages[id].parentId)
  line.unshift(`${history.messages[id].role}: ${history.messages[id].content}`.trim());
console.log(line.join(" | "));
const seen = "user: Why? | assistant: | assistant: Therefore. | assistant: Because. | user: And then? | assistant: Nothing.";
process.exit(line.join(" | ") === seen ? 0 : 1);
JS
node ask.js

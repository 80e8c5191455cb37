"""A branch of a conversation as one HTML page that loads nothing and runs nothing."""

import re
from html import escape

from chatapp.backend.store.records import Conversation, StoredMessage
from chatapp.backend.transfer.exporters.markdown import remarks, speaker

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ line-height: 1.25; }}
article {{ margin: 1.5rem 0; padding: 1rem 1.25rem; border-radius: .75rem; border: 1px solid #8884; }}
article.user {{ background: #8881; }}
header {{ font-size: .85rem; opacity: .75; margin-bottom: .5rem; }}
.text {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
pre {{ overflow-x: auto; padding: .75rem 1rem; border-radius: .5rem; background: #8882; }}
details {{ opacity: .75; margin-bottom: .75rem; }}
footer {{ font-style: italic; font-size: .85rem; margin-top: .5rem; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""

_FENCE = re.compile(r"^ {0,3}```[^\n`]*\n(.*?)(?:^ {0,3}```[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)


def as_html(conversation: Conversation, messages: list[StoredMessage]) -> str:
    """Return the page; every word in it that people or models wrote is escaped."""
    articles = [_article(message) for message in messages]
    if conversation.system:
        articles.insert(0, f"<details><summary>System prompt</summary>{_text(conversation.system)}</details>")
    return PAGE.format(title=escape(conversation.title or "Conversation"), body="\n".join(articles))


def _article(message: StoredMessage) -> str:
    moment = f"{message.created_at:%Y-%m-%d %H:%M} UTC"
    parts = [f'<article class="{escape(message.role)}">', f"<header>{escape(speaker(message))} · {moment}</header>"]
    if message.reasoning:
        parts.append(f"<details><summary>Reasoning</summary>{_text(message.reasoning)}</details>")
    parts.append(_with_code(message.content))
    parts += [f"<footer>{escape(remark)}</footer>" for remark in remarks(message)]
    return "\n".join([*parts, "</article>"])


def _with_code(content: str) -> str:
    """Return the text as it is written, its fenced code in boxes."""
    parts, position = [], 0
    for fence in _FENCE.finditer(content):
        parts += [_text(content[position : fence.start()]), f"<pre><code>{escape(fence[1])}</code></pre>"]
        position = fence.end()
    return "".join([*parts, _text(content[position:])])


def _text(content: str) -> str:
    content = content.strip("\n")
    return f'<div class="text">{escape(content)}</div>' if content else ""

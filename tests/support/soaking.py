"""What the visitors of a backend under load do, and what the backend has acknowledged to them."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from uuid import uuid4

import requests

from chatapp.client import BackendClient
from chatapp.errors import ChatappError
from chatapp.protocol.events import Text
from support import scripts
from support.foreign_exports import chatgpt, claude, open_webui
from support.scripts import Script, answer

WORDS = [f"word{number} " for number in range(60)]
FINE = answer(*[step for word in WORDS for step in (word, 0.02)])
BROKEN: dict[str, Script] = {
    "refused": scripts.status(401),
    "overrun": scripts.status(429, Retry_After="30"),
    "failing": scripts.status(500),
    "a web page": scripts.html(200),
    "reset": answer(*WORDS, scripts.reset),
    "cut": answer(*WORDS, scripts.hang_up),
    "unfinished": answer(*WORDS, finish=None, done=False),
    "garbage": answer(*WORDS, b"data: {oops\n\n"),
    "a line without an end": answer("word", scripts.long_line(2)),
    "silent": answer("word", scripts.silence),
}
ODD_COUNTS: dict[str, Script] = {
    f"counts {count!r}": answer(
        *WORDS,
        {"choices": [], "usage": dict.fromkeys(scripts.USAGE, count)},
        usage=False,  # not even what OpenAI sends
    )
    for count in (-1, 2**31, 2**63, 10**30, 0.5, "many", None)
}
LEAVERS = FAULTS = ODD = 0.05
KEPT = 1 / 3
RETURNING = 0.5
"""How many of the kept questions go on with a conversation."""


@dataclass
class Acknowledged:
    """What the backend has said that it keeps, and what it has said that is gone."""

    said: dict[str, list[str]] = field(default_factory=dict)
    """The questions and answers of each conversation."""

    imported: set[str] = field(default_factory=set)
    """Titles."""

    purged: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, conversation_id: str, *texts: str) -> None:
        with self._lock:
            self.said.setdefault(conversation_id, []).extend(texts)

    def some(self, chance: random.Random) -> str | None:
        with self._lock:
            return chance.choice(list(self.said)) if self.said else None

    def take(self, chance: random.Random) -> str | None:
        """Return a conversation that from now on belongs to the caller alone."""
        with self._lock:
            chosen = chance.choice(list(self.said)) if len(self.said) > 50 else None
            if chosen is not None:
                del self.said[chosen]
            return chosen

    def lost(self, url: str) -> list[str]:
        """Return what is not there any more, or there again."""
        with BackendClient(url) as backend:
            lost = [
                f"a conversation's {len(texts)} texts"
                for it, texts in self.said.items()
                if not _has(backend, it, texts)
            ]
            lost += ["an import" for title in self.imported if not backend.conversations.page(query=f'"{title}"').items]
            return lost + ["what was deleted is back" for it in self.purged if _is_there(backend, it)]


def _has(backend: BackendClient, conversation_id: str, texts: list[str]) -> bool:
    found: Counter[str] = Counter()
    before = None
    with suppress(ChatappError):
        while True:
            page = backend.conversations.messages(conversation_id, before=before, limit=200)
            found.update(message.content for message in page.items)
            before = page.next
            if before is None:
                break
    return not Counter(texts) - found


def _is_there(backend: BackendClient, conversation_id: str) -> bool:
    with suppress(ChatappError):
        backend.conversations.get(conversation_id)
        return True
    return False


Act = Callable[[str, random.Random, Acknowledged], str]


def ask(url: str, chance: random.Random, kept: Acknowledged) -> str:
    """Ask a question and say how that ended."""
    is_fault, is_leaver, is_kept = (chance.random() < share for share in (FAULTS, LEAVERS, KEPT))
    usual = chance.choice(list(ODD_COUNTS)) if chance.random() < ODD else "stub-model"
    model = chance.choice(list(BROKEN)) if is_fault else usual  # always named: a conversation remembers a broken one
    goes_on = kept.take(chance) if is_kept and chance.random() < RETURNING else None
    earlier, prompt, text = goes_on, f"Why {uuid4()}?", ""
    place = {"conversation_id": goes_on} if goes_on else {}
    told: list[str] = []
    try:
        with BackendClient(url) as backend, backend.stream(prompt, model=model, store=is_kept, **place) as events:
            for event in events:
                if not told and events.start and events.start.conversation_id:
                    earlier, told = events.start.conversation_id, [prompt]
                text += event.text if isinstance(event, Text) else ""
                if is_leaver and text:
                    return "left"
            told = [*told, text] if told else told
    except ChatappError as error:
        is_expected = is_fault or error.code == "turn_active"
        return "failed as they should" if is_expected else f"unexpected: {error.code}"
    finally:
        if earlier and is_kept:
            kept.keep(earlier, *told)
    is_right = text == "".join(WORDS) and not is_fault
    return "answered" if is_right else f"unexpected: an answer of {len(text)} characters"


def bring(url: str, chance: random.Random, kept: Acknowledged) -> str:
    """Import a file: mostly a good one, sometimes a damaged one or none at all."""
    title = uuid4().hex
    make = chance.choice([chatgpt, lambda name, title: {**claude(), "uuid": name, "name": title}])
    export = [make(f"{title}{number}", title) for number in range(chance.randint(1, 40))]
    content = json.dumps([*export, {"what": "is this"}, {**open_webui(), "chat": 5}]).encode()
    is_damaged = chance.random() < FAULTS
    with BackendClient(url, timeout_s=60) as backend:
        try:
            receipt = backend.conversations.import_file(
                BytesIO(content[: len(content) // 2] if is_damaged else content)
            )
        except ChatappError as error:
            is_expected = is_damaged or error.status == 503
            return "failed as they should" if is_expected else f"unexpected: import {error.code}"
    if not is_damaged and receipt.conversations_added != len(export):
        return "unexpected: an import that is not whole"
    if receipt.conversations_added:
        kept.imported.add(title)
    return "imported"


def export(url: str, chance: random.Random, kept: Acknowledged) -> str:
    """Have a conversation as a file."""
    conversation_id = kept.some(chance)
    if conversation_id is None:
        return "nothing to export yet"
    with BackendClient(url) as backend:
        try:
            file = backend.conversations.export(conversation_id, chance.choice(["json", "md", "html"]))
        except ChatappError as error:  # thrown away meanwhile
            return "failed as they should" if error.status == 404 else f"unexpected: export {error.code}"
    return "exported" if file else "unexpected: an empty export"


def export_all(url: str, _chance: random.Random, _kept: Acknowledged) -> str:
    """Have everything as a file, mostly to its end."""
    with requests.get(f"{url}/export", stream=True, timeout=300) as sent:  # written as fast as there is time for it
        if sent.status_code == requests.codes.service_unavailable:
            return "failed as they should"
        size = sum(map(len, sent.iter_content(65536)))
    return "exported all" if sent.ok and size else f"unexpected: {sent.status_code} for an export of all"


def attach(url: str, chance: random.Random, _kept: Acknowledged) -> str:
    """Send a file and ask about it."""
    with BackendClient(url, timeout_s=60) as backend:
        try:
            info = backend.attach(
                BytesIO(f"# {uuid4()}\n\n{'Whales sing. ' * chance.randint(1, 2000)}".encode()), name="a.md"
            )
            answered = backend.ask("What do they do?", model="stub-model", attachments=[info.id])
        except ChatappError as error:
            return f"unexpected: attach {error.code}"
    return "attached" if answered.answer == "".join(WORDS) else "unexpected: an answer about a file that is not whole"


def ask_as_openai(url: str, chance: random.Random, _kept: Acknowledged) -> str:
    """Ask by OpenAI's API, streamed or whole."""
    body = {"model": "stub-model", "messages": [{"role": "user", "content": f"Why {uuid4()}?"}]}
    answered = requests.post(f"{url}/v1/chat/completions", json=body | {"stream": chance.random() < 0.5}, timeout=60)
    return (
        "answered"
        if answered.ok and "word59" in answered.text
        else f"unexpected: {answered.status_code} by OpenAI's API"
    )


def tidy(url: str, chance: random.Random, kept: Acknowledged) -> str:
    """Rename, pin and archive a conversation, throw it away, perhaps have it back; look for something."""
    conversation_id = kept.take(chance)
    with BackendClient(url) as backend:
        backend.conversations.page(query=chance.choice(["word7", "whales", "用 a", '"what are"', "%", "é" * 200]))
        if conversation_id is None:
            return "searched"
        try:
            backend.conversations.change(conversation_id, title=f"T {uuid4()}", pinned=chance.random() < 0.1)
            backend.conversations.delete(conversation_id)
        except ChatappError as error:
            return f"unexpected: tidy {error.code}"
    kept.purged.add(conversation_id)
    return "thrown away"


ODD_REQUESTS: list[Callable[[str], requests.Response]] = [
    lambda url: requests.post(f"{url}/query", data=b"{", timeout=10),
    lambda url: requests.post(f"{url}/query", json={"prompt": "\ud800"}, timeout=10),
    lambda url: requests.post(f"{url}/query", json={"prompt": "a" * 2_000_000}, timeout=10),
    lambda url: requests.post(f"{url}/query", data=b"[" * 100_000, timeout=10),
    lambda url: requests.post(f"{url}/query/stream", json={"prompt": "", "temperature": 1e308}, timeout=10),
    lambda url: requests.post(f"{url}/import", data=b"\x00" * 100_000, timeout=10),
    lambda url: requests.post(f"{url}/import", files={"no": b"", "file": b"PK\x03\x04"}, timeout=10),
    lambda url: requests.get(f"{url}/conversations", params={"cursor": "W10"}, timeout=10),
    lambda url: requests.get(f"{url}/conversations/{'x' * 3000}/export", timeout=10),
    lambda url: requests.get(f"{url}/turns/none", headers={"Last-Event-ID": "9" * 50}, timeout=10),
    lambda url: requests.delete(f"{url}/conversations/none", timeout=10),
    lambda url: requests.request("BREW", f"{url}/query", timeout=10),
]


def puzzle(url: str, chance: random.Random, _kept: Acknowledged) -> str:
    """Send what nobody should."""
    number = chance.randrange(len(ODD_REQUESTS))
    status = ODD_REQUESTS[number](url).status_code
    return "refused as they should" if 400 <= status < 500 else f"unexpected: {status} for odd request {number}"


ACTS: dict[Act, float] = {
    ask: 1.0,
    ask_as_openai: 0.1,
    attach: 0.05,
    bring: 0.05,
    export: 0.1,
    export_all: 0.01,
    tidy: 0.08,
    puzzle: 0.1,
}
"""What they do, and how often beside asking."""

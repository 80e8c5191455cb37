"""Pages that an answer goes by, however its server names them; what is odd about them is passed by.

OpenAI and OpenRouter annotate the message, Perplexity and xAI list addresses beside the choices, Mistral has references
among the parts of the content.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from chatapp.protocol.events import Citation

MOST = 100
_MOST_URL_CHARS, _MOST_TITLE_CHARS = 2000, 300
_LISTS = ("citations", "search_results")


def cited_beside(body: dict[str, Any]) -> Iterator[Citation]:
    """Return what a chunk names beside its choices: addresses, whose titles may stand in another list."""
    results = [_citation(item) for item in _items(body.get("search_results"))]
    titles = {result.url: result.title for result in results if result}
    for item in _items(body.get("citations")):
        if (cited := _citation(item)) is not None:
            yield Citation(cited.url, cited.title or titles.get(cited.url, ""))
    yield from filter(None, results)


def cited_in(said: dict[str, Any]) -> Iterator[Citation]:
    """Return what a delta or a message names."""
    for annotation in _items(said.get("annotations")):
        inner = annotation.get("url_citation") if isinstance(annotation, dict) else None
        yield from filter(None, (_citation(inner or annotation),))
    for part in _items(said.get("content")):
        if isinstance(part, dict) and part.get("type") in {"tool_reference", "reference"}:
            yield from filter(None, (_citation(part),))


def has_citations(body: dict[str, Any]) -> bool:
    """Return whether anything is named beside the choices."""
    return any(body.get(name) for name in _LISTS)


def not_named_before(citations: Iterable[Citation], urls: set[str]) -> list[Citation]:
    """Return those that are not among the `urls` of an answer yet, and add them: Perplexity names all in each chunk."""
    found = []
    for citation in citations:
        if citation.url not in urls and len(urls) < MOST:
            urls.add(citation.url)
            found.append(citation)
    return found


def _items(value: object) -> list[Any]:
    return value[:MOST] if isinstance(value, list) else []


def _citation(told: object) -> Citation | None:
    """Return what an address, or an object with one, names; only what a browser may be led to."""
    fields = told if isinstance(told, dict) else {"url": told}
    url, title = fields.get("url"), fields.get("title")
    if not isinstance(url, str) or len(url) > _MOST_URL_CHARS or not url.isprintable() or " " in url:
        return None
    if not url.lower().startswith(("https://", "http://")):
        return None
    words = " ".join(title[:_MOST_TITLE_CHARS].split()) if isinstance(title, str) else ""
    return Citation(url, words if words.isprintable() else "")

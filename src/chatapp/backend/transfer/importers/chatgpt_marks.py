"""The marks that ChatGPT writes into its texts: for citations, links, things, formulas and drafts."""

import re
from collections.abc import Iterator

from chatapp.backend.transfer.importers.fields import (
    Json,
    decoded,
    is_address,
    link,
    mapping,
    objects,
    sequence,
    string,
)

_MARK = re.compile("\ue200([^\ue200\ue201]*+)\ue201")
_CUT_MARK = re.compile("\ue200([a-z_]++\ue202[^\ue200\ue201\n]++)\\Z")
"""The last of an answer that was stopped while it was written."""
_LEFT_OVERS = "\ue200\ue201\ue202\ue203\ue204\ue205\ue206"
_OLD_MARK = re.compile(
    "\u3010(?:[0-9]++(?::[0-9]++)?|turn[0-9]++[a-z]++[0-9]++)\u2020[^\u3010\u3011\n]*+\u3011"
    "|\u3010(?:turn[0-9]++[a-z]++[0-9]++|oaicite:[0-9]++)\u3011"
)
_INDEX_MARK = re.compile(r" ?((?::contentReference)?\[oaicite:[0-9]++\]\{index=[0-9]++\})")
_LONGEST_MARK = 200
_SANDBOX = re.compile(
    r"!?\[((?:[^\[\]\n]++|\[[^\[\]\n]*+\])*+)\]\(<?sandbox:(?:[^()\n]++|\([^()\n]*+\))*+\)"  # also with blanks
)
_DRAFT, _DRAFT_END = ":::writing{", ":::"
_SUBJECT = re.compile(r' subject="([^"]*+)"')


def without_marks(text: str, metadata: Json) -> str:
    """Return `text` with its marks for citations as links, where ChatGPT says to what, or without them.

    What else a mark shows to read stays: the words of a link, the names of things, a formula.
    """
    if "\ue200" in text:
        links, addresses = dict(_links(metadata)), dict(_addresses(metadata))
        text = _MARK.sub(lambda mark: _shown(mark[1], addresses.get(mark[0], "")) or links.get(mark[0], ""), text)
        text = _CUT_MARK.sub(lambda mark: _shown(mark[1], ""), text)
    if "\u3010" in text:
        links = {**dict(_links(metadata)), **dict(_old_links(text, metadata))}
        text = _OLD_MARK.sub(lambda mark: links.get(mark[0], ""), text)
    if "[oaicite:" in text:
        links = {mark: f" {shown.strip()}" for mark, shown in _links(metadata)}
        text = _INDEX_MARK.sub(lambda mark: links.get(mark[1], ""), text)
    if "sandbox:" in text:
        text = _SANDBOX.sub(lambda link: link[1], text)
    for mark in _LEFT_OVERS:
        text = text.replace(mark, "")
    return _without_drafts(text) if _DRAFT in text else text


def _links(metadata: Json) -> Iterator[tuple[str, str]]:
    for reference in objects(metadata.get("content_references")):
        mark, shown = string(reference.get("matched_text")), string(reference.get("alt"))
        items = [item for item in [reference, *objects(reference.get("items"))] if is_address(item.get("url"))]
        if not shown and items:
            links = [link(item.get("title") or item.get("attribution"), item["url"]) for item in items[:3]]
            shown = f" ({', '.join(links)})"
        if mark and shown:
            yield mark, shown


def _old_links(text: str, metadata: Json) -> Iterator[tuple[str, str]]:
    """Return the links of 2023, which say at which place of the text each mark stands."""
    for told in objects(metadata.get("citations")):
        start, end, page = told.get("start_ix"), told.get("end_ix"), mapping(told.get("metadata"))
        if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= start + _LONGEST_MARK:
            mark = text[start:end]
            if _OLD_MARK.fullmatch(mark) and is_address(page.get("url")):
                yield mark, f" ({link(page.get('title'), page['url'])})"


def _addresses(metadata: Json) -> Iterator[tuple[str, str]]:
    """Return where each mark leads that stands for one page."""
    for reference in objects(metadata.get("content_references")):
        pages = [reference, mapping(reference.get("item")), *objects(reference.get("items"))]
        urls = [page["url"] for page in pages if is_address(page.get("url"))]
        if urls:
            yield string(reference.get("matched_text")), urls[0]


def _shown(mark: str, address: str) -> str:
    """Return what a mark shows by itself: its kind and its fields are parted; `address` is where it leads."""
    kind, _, rest = mark.partition("\ue202")
    if kind in ("url", "video"):
        label, _, leads_to = rest.partition("\ue202")
        url = leads_to if is_address(leads_to) else address
        return link(label, url) if url else label
    if kind in ("entity", "product", "product_entity"):  # a list of its kind or id and its name
        return "".join(map(string, sequence(decoded(rest))[1:2]))
    if kind == "products":
        chosen = sequence(mapping(decoded(rest)).get("selections"))
        return ", ".join(name for one in chosen if (name := "".join(map(string, sequence(one)[1:2]))))
    if kind == "genui":
        formulas = (
            string(mapping(told).get("content")) for name, told in mapping(decoded(rest)).items() if "math" in name
        )
        return "".join(f"\n\n$$\n{formula}\n$$\n\n" for formula in formulas if formula)
    return ""


def _without_drafts(text: str) -> str:
    """Return `text` with drafts as text: `:::writing{variant="email" subject="…"}` is above one, `:::` below."""
    kept, is_code, is_draft = [], False, False
    for line in text.split("\n"):
        is_code ^= line.lstrip().startswith(("```", "~~~"))
        if not is_code and line.startswith(_DRAFT) and line.rstrip().endswith("}"):
            is_draft = True
            subject = _SUBJECT.search(line)
            kept += [f"**{subject[1]}**", ""] if subject else []
        elif is_draft and not is_code and line.rstrip() == _DRAFT_END:
            is_draft = False
        else:
            kept.append(line)
    return "\n".join(kept)

"""What code describes as a picture, drawn in a dialog: diagrams of Mermaid, and SVG."""

import base64
import re
from html import escape
from xml.parsers import expat

import streamlit as st

from chatapp.frontend.languages.words import t

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_DECLARATION = re.compile(r"<\?xml\s[^>]*>\s*")
"""What may say in which encoding a file was: what is drawn is in UTF-8."""


def show_drawing(source: str) -> None:
    """Draw what the source describes, in the language of Mermaid or as SVG."""
    if source.lstrip().startswith("<"):
        st.dialog(t("Picture"), width="large")(_draw_svg)(source)
    else:
        st.dialog(t("Diagram"), width="large")(_draw_diagram)(source)


def _draw_diagram(source: str) -> None:
    fence = "`" * (3 + max(map(len, re.findall("`+", source)), default=0))
    st.markdown(f"{fence}mermaid\n{source}\n{fence}")


def _draw_svg(source: str) -> None:
    """Draw SVG as an image, in which browsers run no scripts and load nothing from elsewhere."""
    markup = _with_names(source.strip())
    if detail := _fault_in(markup):
        st.warning(t("This SVG cannot be drawn: {detail}.", detail=detail))
    else:
        address = f"data:image/svg+xml;base64,{base64.b64encode(markup).decode()}"
        st.html(f'<img class="drawing" alt="{escape(t("Picture"))}" src="{address}">')


def _with_names(source: str) -> bytes:
    """Return SVG as a file of its own, which has to name its spaces; in HTML they need not be said."""
    markup = _DECLARATION.sub("", source, count=1) if source.startswith("<?xml") else source
    names = "" if _SVG in markup else f' xmlns="{_SVG}"'
    if "xlink:" in markup and "xmlns:xlink" not in markup:
        names += f' xmlns:xlink="{_XLINK}"'
    return markup.replace("<svg", f"<svg{names}", 1).encode(errors="replace")


def _fault_in(markup: bytes) -> str | None:
    """Return why browsers draw nothing of it, None where they do."""
    parser = expat.ParserCreate(namespace_separator=" ")
    names: list[str] = []
    parser.StartElementHandler = lambda name, _: names.append(name)
    try:
        parser.Parse(markup, True)
    except expat.ExpatError as error:
        return str(error)
    return None if names[0] == f"{_SVG} svg" else "no svg at its root"

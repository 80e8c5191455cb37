"""What code describes as a picture, drawn in a dialog: diagrams of Mermaid, and SVG."""

import base64
import re
from html import escape
from xml.parsers import expat

import streamlit as st

from chatapp.frontend.languages.words import t

_SVG = "http://www.w3.org/2000/svg"


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
    markup = source.strip()
    if _SVG not in markup:  # as in HTML, where it need not be said
        markup = markup.replace("<svg", f'<svg xmlns="{_SVG}"', 1)
    try:
        expat.ParserCreate().Parse(markup.encode(), True)
    except expat.ExpatError as error:
        st.warning(t("This SVG cannot be drawn: {detail}.", detail=str(error)))
    else:
        address = f"data:image/svg+xml;base64,{base64.b64encode(markup.encode()).decode()}"
        st.html(f'<img class="drawing" alt="{escape(t("Picture"))}" src="{address}">')

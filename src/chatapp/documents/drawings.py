"""What charts and diagrams of Office say: they are no text of a document, and hold what they were drawn from."""

from collections.abc import Iterator
from xml.etree import ElementTree
from zipfile import ZipFile

from chatapp.documents.archives import related, xml_beside
from chatapp.documents.number_formats import NumberFormat
from chatapp.documents.plain import table

_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MOST_POINTS = 1000


def drawn(archive: ZipFile, member: str) -> list[str]:
    """Return what the charts and diagrams of a document or a slide say, each as a block."""
    blocks: list[str] = []
    for _, kind, target in related(archive, member):
        if kind == "chart" and target in archive.NameToInfo:
            blocks.append(chart(archive, target))
        elif kind == "diagramData" and target in archive.NameToInfo:
            paragraphs = xml_beside(archive, target).iter(f"{_DRAWING}p")
            blocks.append("\n".join(f"- {said}" for paragraph in paragraphs if (said := _words(paragraph))))
    return [block for block in blocks if block]


def chart(archive: ZipFile, member: str) -> str:
    """Return the values of a chart as a table behind its title, nothing where it holds none, or is damaged."""
    root = xml_beside(archive, member)
    series = [dict(_points(one, ("val", "yVal"))) for one in root.iter(f"{_CHART}ser")]
    if not any(series):
        return ""
    title = root.find(f"{_CHART}chart/{_CHART}title")
    places = dict(place for one in root.iter(f"{_CHART}ser") for place in _points(one, ("cat", "xVal")))
    names = [next((name for _, name in _points(one, ("tx",))), "") for one in root.iter(f"{_CHART}ser")]
    numbers = sorted({number for one in series for number in one})[:_MOST_POINTS]
    rows = [[places.get(number, ""), *(one.get(number, "") for one in series)] for number in numbers]
    lead = f"Chart: {'' if title is None else _words(title)}".rstrip(" :")
    return f"{lead}\n\n{table([['', *names], *rows])}"


def _points(series: ElementTree.Element, kinds: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Return the values of one kind that a series has, by their numbers, as the chart shows them."""
    for kind in kinds:
        for held in series.iterfind(f"{_CHART}{kind}"):
            shown = NumberFormat.parse(held.findtext(f".//{_CHART}formatCode", ""))
            for point in held.iter(f"{_CHART}pt"):
                number, value = point.get("idx", ""), point.findtext(f"{_CHART}v", "")
                if number.isdecimal() and len(number) < 7:  # noqa: PLR2004 - no chart has as many
                    yield int(number), _as_number(value, shown)


def _as_number(value: str, shown: NumberFormat) -> str:
    try:
        return shown.shown(float(value))
    except ValueError:
        return value


def _words(node: ElementTree.Element) -> str:
    pieces = (found.text or "" for found in node.iter() if found.tag in {f"{_DRAWING}t", f"{_CHART}v"})
    return " ".join("".join(pieces).split())

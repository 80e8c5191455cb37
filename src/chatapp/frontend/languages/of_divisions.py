"""What files are divided into, in the words of a language: pages, sheets, slides or chapters."""

from chatapp.protocol.chosen_pages import division_of
from chatapp.protocol.resources import AttachmentInfo
from chatapp.protocol.wording import Words, later

_NAMES = {"page": later("Pages"), "sheet": later("Sheets"), "slide": later("Slides"), "chapter": later("Chapters")}
_CHOSEN = {
    "page": later("pages {numbers}"),
    "sheet": later("sheets {numbers}"),
    "slide": later("slides {numbers}"),
    "chapter": later("chapters {numbers}"),
}


def name_of_divisions(file: AttachmentInfo, t: Words) -> str:
    """Return what is chosen of a file, as the name of a field."""
    return t(_NAMES[division_of(file.media_type)])


def chosen_divisions(file: AttachmentInfo, t: Words) -> str:
    """Return which of them go along, empty where all do."""
    return t(_CHOSEN[division_of(file.media_type)], numbers=file.chosen.replace(",", ", ")) if file.chosen else ""


def counted_divisions(file: AttachmentInfo, t: Words) -> str:
    """Return how many there are, empty where a file is not divided."""
    count = file.pages
    if not count:
        return ""
    match division_of(file.media_type):
        case "sheet":
            return t("{count} sheet", plural="{count} sheets", count=count)
        case "slide":
            return t("{count} slide", plural="{count} slides", count=count)
        case "chapter":
            return t("{count} chapter", plural="{count} chapters", count=count)
        case _:
            return t("{count} page", plural="{count} pages", count=count)

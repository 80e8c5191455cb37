"""The words of a PDF, page by page."""

from pathlib import Path


def pages(path: Path) -> tuple[str, int, list[int]]:
    """Return the text, each page behind its number, how many pages there are, and the numbers of those without words.

    Raises:
        pypdfium2.PdfiumError: it is damaged, or wants a password.
    """
    import pypdfium2  # noqa: PLC0415 - only some files are PDFs

    texts = []
    with pypdfium2.PdfDocument(path) as document:
        for page in document:
            words = page.get_textpage()
            texts.append(words.get_text_bounded().replace("\r\n", "\n").strip())
            words.close()
            page.close()
    empty = [number for number, text in enumerate(texts, 1) if not text]
    numbered = (f"[page {number}]\n\n{text}" for number, text in enumerate(texts, 1) if text)
    return "\n\n".join(numbered), len(texts), empty

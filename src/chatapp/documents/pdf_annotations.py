"""What stands on the pages of a PDF beside their text: comments, and what was filled into a form."""

import ctypes
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

MOST = 5000
"""Annotations of one page that are looked at."""

_UNSET = {"", "Off"}
"""What a box that is not ticked holds."""


def forms_of(document: "PdfDocument") -> Any:
    """Return what reads the fields of a document, None where it has none; to be asked before its pages."""
    document.init_forms()
    return document.formenv.raw if document.formenv else None


def lines_beside(page: "PdfPage", forms: Any) -> Iterator[str]:
    """Return the fields that are filled in on a page, and the comments on it, each as a line, in their order."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - only some files are PDFs

    unsaid = {pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_WIDGET}
    for place in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, place)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        if kind == pdfium.FPDF_ANNOT_WIDGET and forms is not None:
            value = _string(pdfium.FPDFAnnot_GetFormFieldValue, forms, annotation)
            if value not in _UNSET:
                yield f"Field {_string(pdfium.FPDFAnnot_GetFormFieldName, forms, annotation)}: {value}"
        elif kind not in unsaid:
            said = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
            author = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"T")
            if said:
                yield f"Comment{f' of {author}' if author else ''}: {said}"
        pdfium.FPDFPage_CloseAnnot(annotation)


def _string(read: Callable[..., int], *of: Any) -> str:
    """Return a text that PDFium tells, in UTF-16 with a zero at its end, in one line."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415

    size = read(*of, None, 0)
    held = ctypes.create_string_buffer(size)
    read(*of, ctypes.cast(held, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return " ".join(held.raw[: max(size - 2, 0)].decode("utf-16-le", errors="replace").split())

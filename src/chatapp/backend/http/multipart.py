"""A file in a form, as browsers and `curl -F` send it: multipart/form-data, RFC 7578."""

from collections.abc import AsyncIterator, Callable

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from chatapp.errors import InvalidRequestError


async def file_in_form(
    content_type: str, chunks: AsyncIterator[bytes], on_name: Callable[[str], None]
) -> AsyncIterator[bytes]:
    """Return the bytes of the one file in a form as they come in; `on_name` learns what it is called.

    Raises:
        InvalidRequestError: the form cannot be read, or does not hold exactly one file.
    """
    form = _Form(on_name)
    _, options = parse_options_header(content_type)
    try:
        parser = MultipartParser(
            options.get(b"boundary", b""),
            {
                "on_part_begin": form.begin_part,
                "on_header_field": form.add_to_name,
                "on_header_value": form.add_to_value,
                "on_header_end": form.end_header,
                "on_part_data": form.add_content,
                "on_end": form.end,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
            if form.files > 1:
                break
            yield form.taken()
    except FormParserError as error:
        raise InvalidRequestError("The form cannot be read.") from error
    if not form.is_complete or form.files != 1:
        raise InvalidRequestError("The form has to hold one file.", hint="Send it with: curl -F file=@FILE")


class _Form:
    """What has been read of a form: how many files it holds, and what of them nobody has taken yet."""

    def __init__(self, on_name: Callable[[str], None]) -> None:
        self.files = 0
        self._on_name = on_name
        self.is_complete = False
        self._is_file = False
        self._name = self._value = b""
        self._content: list[bytes] = []

    def taken(self) -> bytes:
        """Return what came in of the files since the last time."""
        content, self._content = b"".join(self._content), []
        return content

    def begin_part(self) -> None:
        self._is_file = False

    def add_to_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def end_header(self) -> None:
        """Recognise a file: unlike a field it has a name of its own."""
        options = parse_options_header(self._value)[1] if self._name.lower() == b"content-disposition" else {}
        if (name := options.get(b"filename")) is not None:
            self._is_file = True
            self.files += 1
            self._on_name(name.decode(errors="replace"))
        self._name = self._value = b""

    def add_content(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._content.append(data[start:end])

    def end(self) -> None:
        self.is_complete = True

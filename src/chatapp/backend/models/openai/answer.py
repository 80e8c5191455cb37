"""An answer on its way: the stream of one response, and who makes it."""

from chatapp.backend.models.chat_model import Batch
from chatapp.backend.models.openai.stream import OpenAIStream
from chatapp.protocol.events import Notice


class Answer:
    """What one question got from one connection."""

    def __init__(self, stream: OpenAIStream, *, connection: str, asked_for: str, notices: list[Notice]) -> None:
        self.connection = connection
        self.notices = notices
        self._stream = stream
        self._asked_for = asked_for
        self._told: str | None = None

    @property
    def model(self) -> str:
        """The model that answers."""
        return answering_model(self._asked_for, self._told)

    async def read(self) -> Batch:
        """Return what has come since the last read."""
        batch = await self._stream.read()
        self._told = self._told or batch.model
        return batch

    async def close(self) -> None:
        """Hang up."""
        await self._stream.close()


def answering_model(asked_for: str, told: str | None) -> str:
    """Return the name of the model that answers, where the server says `told`.

    A date, a tag or a path around the name that was asked for is no other model: `gpt-4o-2024-08-06`, `llama3:latest`.
    """
    if not told:
        return asked_for
    asked, answers = (name.rpartition("/")[2].lower() for name in (asked_for, told))
    return asked_for if answers.startswith(asked) else told

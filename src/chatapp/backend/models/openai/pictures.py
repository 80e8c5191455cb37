"""Pictures of a conversation that goes on with a model that takes none."""

from dataclasses import replace

from chatapp.backend.models.chat_model import ModelRequest
from chatapp.protocol.events import Notice
from chatapp.protocol.messages import AttachmentPart

PICTURES_LEFT_OUT = Notice(
    "attachment_left_out", "The model does not take the pictures of earlier questions; they were left out."
)


def without_earlier_pictures(request: ModelRequest) -> ModelRequest:
    """Return `request` without the pictures of all questions but the last; the same object where there are none.

    Those of the last stay: without them the answer would be to another question. So do those that a client of OpenAI's
    API has worded, which is told what the model server says.
    """
    if not request.media or request.wire_messages is not None:
        return request
    asked = {part.content_id for part in request.messages[-1].parts if isinstance(part, AttachmentPart)}
    kept = {id_: sent for id_, sent in request.media.items() if id_ in asked or sent.get("type") != "image_url"}
    return request if len(kept) == len(request.media) else replace(request, media=kept)

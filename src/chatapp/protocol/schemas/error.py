"""What every answer outside 2xx holds."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chatapp.protocol.schemas.fields import EXAMPLE_ID


class ErrorResponse(BaseModel):
    """What every answer outside 2xx holds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "detail": "LLM processing failed: the model server does not accept the API key.",
                    "code": "upstream_auth",
                    "request_id": EXAMPLE_ID,
                    "hint": "Check OPENAI_API_KEY.",
                }
            ]
        }
    )

    detail: str | list[dict[str, Any]] = Field(description="What happened; with status 422 a list of faults.")
    code: str = Field(description="Stable name of the error.")
    request_id: str | None = Field(description="The same as the X-Request-ID header; the log has it too.")
    retry_after: int | None = Field(None, description="Seconds after which another try makes sense.")
    hint: str | None = Field(None, description="What to do about it.")

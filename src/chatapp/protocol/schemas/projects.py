"""Projects, as they travel."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chatapp.protocol.project_resources import MOST_INSTRUCTIONS_CHARS, MOST_NAME_CHARS
from chatapp.protocol.schemas.fields import EXAMPLE_ID, ModelName, Strict, not_blank, without_nul

_Name = Annotated[
    str, Field(min_length=1, max_length=MOST_NAME_CHARS), AfterValidator(without_nul), AfterValidator(not_blank)
]
_Instructions = Annotated[str, Field(max_length=MOST_INSTRUCTIONS_CHARS), AfterValidator(without_nul)]

_INSTRUCTIONS = "What the model is told in each of its conversations, before their own system prompt."
_MODEL = "Model to ask in its conversations, unless they or a question name one."


class NewProject(Strict):
    """A project to begin."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Thesis", "instructions": "Answer in British English, with sources."}]}
    )

    name: _Name
    instructions: _Instructions | None = Field(None, description=_INSTRUCTIONS)
    model: ModelName | None = Field(None, description=_MODEL)


class ProjectFields(Strict):
    """What to change; what is not named stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Thesis 2026"}, {"model": None}]})

    name: _Name = ""
    instructions: _Instructions | None = Field(None, description=_INSTRUCTIONS)
    model: ModelName | None = Field(None, description=_MODEL)


class ProjectOut(BaseModel):
    """Conversations that belong together. Times are UTC."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": EXAMPLE_ID,
                    "name": "Thesis",
                    "instructions": "Answer in British English, with sources.",
                    "model": None,
                    "conversations": 12,
                    "files": 3,
                    "created_at": "2026-11-28T09:00:00Z",
                    "updated_at": "2026-11-28T09:00:00Z",
                    "talked_at": "2026-11-28T11:30:00Z",
                    "deleted_at": None,
                }
            ]
        },
    )

    id: str
    name: str
    instructions: str | None = Field(description=_INSTRUCTIONS)
    model: str | None = Field(description=_MODEL)
    conversations: int = Field(description="How many are in it, archived and deleted ones not counted.")
    files: int = Field(description="How many files go along with each of its conversations.")
    created_at: datetime
    updated_at: datetime
    talked_at: datetime | None = Field(description="When one of its conversations was last talked in.")
    deleted_at: datetime | None


class ProjectList(BaseModel):
    """All projects of one person, the one last talked in or changed first."""

    items: list[ProjectOut]


class ProjectFileOut(BaseModel):
    """A file that goes along with each conversation of a project. Times are UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(description="SHA-256 of the file, in hex; `GET /attachments/{id}/content` gives it back.")
    name: str
    media_type: str
    size: int = Field(description="Bytes.")
    pages: int | None = Field(description="Pages, slides or sheets, where there are some.")
    notes: list[str] = Field(description="What models do not get of it, in sentences.")
    tokens: int = Field(description="About how much a model reads of it.")
    added_at: datetime


class ProjectFileList(BaseModel):
    """The files of a project by their names."""

    items: list[ProjectFileOut]
    size: int = Field(description="Bytes of all together.")
    tokens: int = Field(description="About how much a model reads of all together.")

"""An export of LobeChat: the messages of all topics in one list, and the topics' names in another."""

from collections.abc import Iterator

from chatapp.backend.transfer.importers.fields import Json, mapping, name, objects, string


def topics(state: Json) -> Iterator[Json]:
    """Return the topics of what LobeChat has kept, with their messages; what is of no topic is of its assistant's."""
    known = {name(topic.get("id")): topic for topic in objects(state.get("topics"))}
    told: dict[str, list[Json]] = {}
    for said in objects(state.get("messages")):
        topic_id = name(said.get("topicId")) or name(said.get("sessionId")) or ""
        told.setdefault(topic_id, []).append(_message(said))
    for topic_id, messages in told.items():
        yield {
            **known.get(topic_id, {}),
            "topicId": topic_id,
            "messages": sorted(messages, key=_when),
            "source": "lobechat",
        }


def _when(said: Json) -> str:
    """Return what sorts by time: numbers and ISO's texts are each as long as the others."""
    return f"{said.get('createdAt')}"


def _message(said: Json) -> Json:
    thought = mapping(said.get("reasoning")).get("content")
    return {
        **said,
        "model": string(said.get("model")) or said.get("fromModel"),
        "reasoning": thought,
        "toolCalls": said.get("tools"),
    }

"""A process that talks without end and says what the store has acknowledged, until it is killed."""

import json
import sys
from pathlib import Path

from chatapp.backend.gateway.held import HeldMessages
from chatapp.backend.store import Store, WholeTurn
from chatapp.backend.store.identity import new_timed_id, now
from chatapp.config.settings import Settings
from chatapp.protocol.messages import Message, TextPart
from chatapp.protocol.question import Question
from support.saved_turns import begin_turn, finish_turn, save_turn


def main(data_dir: str, database_url: str | None = None) -> None:
    store = Store.open(Settings(data_dir=Path(data_dir), database_url=database_url))
    conversation_id = None
    while True:
        question = Question(owner="ada", prompt="And?", conversation_id=conversation_id, store=True)
        begun = begin_turn(store, question, process_id="writer", fallback_model="m")
        conversation_id = begun.conversation_id
        say(question=begun.user_message_id, turn=begun.turn_id)
        for words in range(1, 6):
            save_turn(store, begun.turn_id, text="word " * words, segments=[["text", 5 * words]])
            say(turn=begun.turn_id, text="word " * words)
        finish_turn(store, begun.turn_id, status="complete", text="word " * 6, segments=[["text", 30]])
        say(turn=begun.turn_id, text="word " * 6)
        keep_whole(store)


def keep_whole(store: Store) -> None:
    """Save a turn whose client holds the conversation, as one that has ended already."""
    held, turn_id = HeldMessages([{"role": "user", "content": "And?"}]), new_timed_id()
    question = Question(owner="ada", prompt=None, store=True, held=held)
    whole = WholeTurn(
        id=turn_id,
        question=question,
        held=held,
        asked_at=now(),
        process_id="writer",
        model="m",
        ending={"status": "complete", "text": "word", "segments": [["text", 4]]},
        said=Message("assistant", (TextPart("word"),)),
    )
    store.turns.keep([whole])[0]()
    say(turn=turn_id, text="word")


def say(**acknowledged: object) -> None:
    print(json.dumps(acknowledged), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

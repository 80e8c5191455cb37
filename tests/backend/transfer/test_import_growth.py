"""Conversations that come again: what is new is added and shown, unless somebody went on here."""

from collections.abc import Callable

import pytest

from chatapp.backend.store import BegunTurn, Store
from support.foreign_exports import chatgpt, chatgpt_node
from support.imported import PICTURE, Bring, Json, exported, line, multimodal, said


class TestGrown:
    def test_conversation_that_has_grown_elsewhere_ends_where_it_ends_there(self, store: Store, bring: Bring) -> None:
        bring(line(("q1", "user", "January?"), ("a1", "assistant", "Yes.")))
        receipt = bring(line(("q1", "user", "January?"), ("a1", "assistant", "Yes."), ("q2", "user", "And now?")))
        assert (receipt.conversations_added, receipt.messages_added) == (0, 1)
        assert said(store)[-1] == ("user", "And now?")

    def test_answer_that_was_asked_for_again_elsewhere_is_on_show(self, store: Store, bring: Bring) -> None:
        bring(line(("q1", "user", "January?"), ("a1", "assistant", "Yes.")))
        again = line(("q1", "user", "January?"), ("a2", "assistant", "No."))
        again["mapping"]["a1"] = chatgpt_node("a1", "q1", "assistant", "Yes.", seconds=1)
        bring(again)
        assert said(store) == [("user", "January?"), ("assistant", "No.")]

    def test_conversation_that_was_talked_in_here_does_not_move_back_in_time(
        self, store: Store, bring: Bring, ask: Callable[..., BegunTurn]
    ) -> None:
        bring(line(("q1", "user", "January?"), ("a1", "assistant", "Yes.")))
        (before,) = store.conversations.page(owner="ada").items
        ask("And here?", conversation_id=before.id)
        (talked,) = store.conversations.page(owner="ada").items
        bring(line(("q1", "user", "January?"), ("a1", "assistant", "Yes."), ("q2", "user", "And now?")))
        (grown,) = store.conversations.page(owner="ada").items
        assert before.updated_at < talked.updated_at
        assert grown.updated_at >= talked.updated_at

    def test_branch_that_was_chosen_here_stays_on_show(self, store: Store, bring: Bring) -> None:
        both = line(("q1", "user", "January?"), ("a1", "assistant", "Yes."))
        both["mapping"]["a2"] = chatgpt_node("a2", "q1", "assistant", "No.", seconds=9)
        bring(both)
        (conversation,) = store.conversations.page(owner="ada").items
        other = store.messages.all(conversation.id, owner="ada")[-1]
        store.conversations.change(conversation.id, owner="ada", leaf_id=other.id)
        both["mapping"]["q2"] = chatgpt_node("q2", "a1", "user", "More?", seconds=10)
        assert bring({**both, "current_node": "q2"}).messages_added == 1
        assert said(store)[-1] == ("assistant", "No.")

    @pytest.mark.parametrize(
        ("there", "here", "expected"),
        [
            ({"title": "New"}, {}, ("New", False, False)),
            ({"is_starred": True}, {}, ("T", True, False)),
            ({"is_archived": True}, {}, ("T", False, True)),
            ({"title": "New", "is_archived": True}, {"title": "Mine", "pinned": True}, ("Mine", True, True)),
            ({"is_starred": True, "is_archived": True}, {"archived": True}, ("T", True, True)),
        ],
        ids=str,
    )
    def test_title_pin_and_archive_follow_unless_they_were_changed_here(
        self, store: Store, bring: Bring, there: Json, here: Json, expected: tuple[str, bool, bool]
    ) -> None:
        def listed() -> tuple[str | None, bool, bool]:
            it = store.conversations.get(conversation.id, owner="ada")
            return it.title, it.pinned, it.archived_at is not None

        came = line(("q", "user", "January?"), is_archived=False, update_time=1_780_000_000)
        bring(came)
        (conversation,) = store.conversations.page(owner="ada").items
        store.conversations.change(conversation.id, owner="ada", **here)
        bring({**came, **there})
        assert listed() == expected
        bring({**came, "title": "Older", "update_time": 1_770_000_000})
        assert listed() == expected

    def test_older_export_takes_nothing_back(self, store: Store, bring: Bring) -> None:
        old = line(("q1", "user", "January?"), ("a1", "assistant", "Ye"), update_time=1_780_000_000)
        new = line(
            ("q1", "user", "January?"), ("a1", "assistant", "Yes."), ("q2", "user", "?"), update_time=1_780_000_9
        )
        new["update_time"] = 1_780_000_009
        bring(new)
        bring(old)
        assert [content for _, content in said(store)] == ["January?", "Yes.", "?"]

    def test_older_export_that_names_no_time_of_its_own_says_nothing_twice(self, store: Store, bring: Bring) -> None:
        old = line(("q", "user", "January?"), ("a1", "assistant", "I look."), ("a2", "assistant", "Yes."))
        new = line(("q", "user", "January?"), ("a1", "assistant", "I look."), ("a2", "assistant", "Yes."))
        new["mapping"]["a3"] = chatgpt_node("a3", "a1", "assistant", "No.", seconds=9)
        for export in (old, {**new, "current_node": "a3"}, old):
            bring(export)
        (conversation,) = store.conversations.page(owner="ada").items
        said_once = [message.content for message in store.messages.all(conversation.id, owner="ada")]
        assert said_once == ["January?", "I look.", "Yes.", "No."]

    def test_answer_that_was_cut_off_is_whole_the_next_time(self, store: Store, bring: Bring) -> None:
        cut = line(("q1", "user", "January?"), ("a1", "assistant", "Ye"))
        cut["mapping"]["a1"]["message"]["status"] = "in_progress"
        bring(cut)
        bring(line(("q1", "user", "January?"), ("a1", "assistant", "Yes indeed.")))
        (conversation,) = store.conversations.page(owner="ada").items
        answer = store.messages.all(conversation.id, owner="ada")[-1]
        assert (answer.content, answer.status) == ("Yes indeed.", "complete")
        assert store.search.find("indeed", owner="ada").items

    def test_message_that_earlier_versions_passed_over_finds_its_place(self, store: Store, bring: Bring) -> None:
        bring(line(("q1", "user", "January?"), ("q2", "user", "Hello")))
        middle = line(("q1", "user", "January?"), ("a1", "assistant", multimodal(PICTURE)), ("q2", "user", "Hello"))
        bring(line(("q1", "user", "January?"), ("a0", "assistant", "Hm"), ("q2", "user", "Hello")))
        bring(middle)
        assert [role for role, _ in said(store)] == ["user", "assistant", "user"]
        assert store.search.find("hello", owner="ada").items

    def test_third_import_reads_nothing_anew(self, store: Store, bring: Bring) -> None:
        grown = line(("q1", "user", "January?"), ("a1", "assistant", multimodal(PICTURE, "Yes.")))
        bring(line(("q1", "user", "January?")))
        second, third = bring(grown), bring(grown)
        assert (third.conversations_read, third.messages_read, third.messages_added) == (1, 2, 0)
        assert third.skipped == second.skipped

    def test_what_a_chatapp_has_exported_since_is_known(self, store: Store, bring: Bring) -> None:
        bring(line(("q1", "user", "January?"), ("a1", "assistant", "Yes.")))
        (there,) = store.conversations.page(owner="ada").items
        carried = exported(store, there.id, "json").encode()
        store.conversations.purge(there.id, owner="ada")
        bring(carried)
        grown = line(("q1", "user", "January?"), ("a1", "assistant", "Yes."), ("q2", "user", "And now?"))
        receipts = bring(grown), bring(grown)
        assert [(it.conversations_added, it.messages_added) for it in receipts] == [(0, 1), (0, 0)]
        assert [content for _, content in said(store)] == ["January?", "Yes.", "And now?"]

    def test_conversation_thrown_away_for_good_comes_again(self, store: Store, bring: Bring) -> None:
        bring(chatgpt())
        (conversation,) = store.conversations.page(owner="ada").items
        store.conversations.purge(conversation.id, owner="ada")
        assert bring(chatgpt()).conversations_added == 1


def test_local_message_below_a_placed_one_stays_readable(
    store: Store, bring: Bring, ask: Callable[..., BegunTurn]
) -> None:
    bring(line(("q1", "user", "January?"), ("a1", "assistant", "Yes.")))
    (conversation,) = store.conversations.page(owner="ada").items
    ask("And dolphins?", "Too.", conversation_id=conversation.id)
    grown = line(
        ("q0", "user", "Before"), ("a0", "assistant", "Hm"), ("q1", "user", "January?"), ("a1", "assistant", "Yes.")
    )
    bring(grown)
    assert [content for _, content in said(store)][-4:] == ["January?", "Yes.", "And dolphins?", "Too."]
    assert store.search.find("dolphins", owner="ada").items

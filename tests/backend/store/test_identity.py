"""Ids: by chance where people name them by their beginning, by time where only the store reads them."""

from chatapp.backend.store.identity import new_id, new_timed_id


def test_ids_that_are_made_at_once_begin_differently() -> None:
    assert len({new_id()[:8] for _ in range(40)}) == 40


def test_timed_ids_lie_together_and_are_different_all_the_same() -> None:
    made = [new_timed_id() for _ in range(40)]
    assert [id_[:12] for id_ in made] == sorted(id_[:12] for id_ in made)
    assert len({*made}) == 40
    assert {len(id_) for id_ in [*made, new_id()]} == {32}

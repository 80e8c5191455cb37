"""Children: started, waited for, passed on, stopped, and never left behind."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chatapp.errors import PortInUseError, ProcessDiedError, SettingsError
from chatapp.processes.child import Child, died_error, start_child, wait_until_ready
from chatapp.processes.group import ChildGroup
from chatapp.processes.ports import bound_socket, free_port, require_free_ports
from support.commands import left_after

pytestmark = pytest.mark.faults

PATIENCE_S = 30.0


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A function that writes a module children can run, and gives its name."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(source: str, name: str = "child_module") -> str:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return name

    return write


@pytest.fixture
def group() -> Iterator[ChildGroup]:
    with ChildGroup() as children:
        yield children


def eventually(holds: Callable[[], bool], *, within_s: float = PATIENCE_S) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = """
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("up", flush=True)
    time.sleep(600)
"""


def started(group: ChildGroup, module: str, name: str = "child") -> Child:
    """Start a child that says "up", and wait for that."""
    child = group.add(start_child(name, module, on_line=lambda _: None))
    wait_until_ready(child, lambda: "up" in child.last_lines, deadline_s=PATIENCE_S)
    return child


def finished(module: str, *arguments: str, env: dict[str, str] | None = None) -> Child:
    """Return a child that has run to its end."""
    child = start_child("child", module, arguments, env=env, on_line=lambda _: None)
    assert child.wait(PATIENCE_S)
    return child


def test_output_and_errors_are_passed_on_line_by_line(module: Callable[..., str]) -> None:
    source = "import sys; print('one'); print('zwei ä'); sys.stderr.write('three\\n'); sys.stdout.write('no newline')"

    child = finished(module(source))

    assert child.returncode == 0
    assert list(child.last_lines) == ["one", "zwei ä", "three", "no newline"]


def test_arguments_and_variables_reach_the_child(module: Callable[..., str]) -> None:
    name = module("import os, sys; print(sys.argv[1:], os.environ['WHO'], __name__)")

    assert finished(name, "a b", "--c", env={"WHO": "me"}).last_lines[-1] == "['a b', '--c'] me __main__"


def test_a_file_in_the_working_directory_shadows_nothing(module: Callable[..., str], tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "json.py").write_text("raise SystemExit('shadowed')")
    os.chdir(folder)

    assert finished(module("import json; print('fine')")).last_lines[-1] == "fine"


def test_exit_code_of_a_one_shot_child_is_given(module: Callable[..., str]) -> None:
    assert finished(module("raise SystemExit(7)")).returncode == 7


def test_stop_lets_the_child_clean_up(group: ChildGroup, module: Callable[..., str]) -> None:
    name = module("""
        import signal, sys, time
        def leave(*_):
            print("cleaned up", flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        print("up", flush=True)
        time.sleep(600)
    """)
    child = started(group, name)

    child.stop()

    assert (child.returncode, child.last_lines[-1]) == (0, "cleaned up")


def test_a_child_that_does_not_listen_is_killed_after_the_grace(group: ChildGroup, module: Callable[..., str]) -> None:
    child = started(group, module(STUBBORN))

    child.stop(grace_s=0.2)

    assert child.returncode == -signal.SIGKILL


def test_stop_may_be_called_twice_and_after_the_end(group: ChildGroup, module: Callable[..., str]) -> None:
    child = started(group, module(SLEEPER))

    child.stop()
    child.stop()

    assert child.exit_description() == "was killed by SIGTERM"


def test_a_child_leaves_no_descriptor_behind(module: Callable[..., str]) -> None:
    name, this = module("print('done')"), psutil.Process()
    finished(name)
    before = this.num_fds()

    for _ in range(3):
        finished(name)

    assert this.num_fds() == before


def test_a_child_that_dies_before_it_is_ready_is_an_error_with_its_last_words(module: Callable[..., str]) -> None:
    name = module("print('no such file: x'); raise SystemExit(3)")
    child = start_child("helper", name, on_line=lambda _: None)

    with pytest.raises(ProcessDiedError) as caught:
        wait_until_ready(child, lambda: False, deadline_s=PATIENCE_S)

    assert caught.value.sentence() == "The helper ended with exit code 3. Last output: no such file: x"


def test_the_last_words_of_a_child_are_what_it_says_of_its_end(module: Callable[..., str]) -> None:
    name = module("print('chatapp: The disk is full.'); print('a warning at exit'); raise SystemExit(1)")
    child = start_child("helper", name, on_line=lambda _: None)

    assert child.wait(PATIENCE_S)
    assert died_error(child).sentence() == "The helper ended with exit code 1. Last output: The disk is full."


def test_a_child_that_is_killed_has_no_last_words(module: Callable[..., str], group: ChildGroup) -> None:
    child = started(group, module(SLEEPER), "helper")
    child.kill()

    assert died_error(child).sentence() == "The helper was killed by SIGKILL."


def test_a_child_that_is_never_ready_is_an_error(group: ChildGroup, module: Callable[..., str]) -> None:
    child = started(group, module(SLEEPER))

    with pytest.raises(ProcessDiedError, match=r"was not ready after 0\.1 seconds"):
        wait_until_ready(child, lambda: False, deadline_s=0.1)


def test_a_group_ends_with_the_first_child_that_dies(group: ChildGroup, module: Callable[..., str]) -> None:
    sleeper = module(SLEEPER)
    for name in ("first", "second", "third"):
        started(group, sleeper, name)
    os.kill(group.children[1].pid, signal.SIGKILL)

    with pytest.raises(ProcessDiedError, match="The second was killed by SIGKILL"):
        group.watch()


def test_leaving_a_group_stops_all(module: Callable[..., str]) -> None:
    sleeper = module(SLEEPER)

    with ChildGroup() as group:
        children = [started(group, sleeper, name) for name in ("first", "second")]

    assert [child.exit_description() for child in children] == ["was killed by SIGTERM"] * 2


def test_waiting_for_one_child_notices_the_death_of_another(group: ChildGroup, module: Callable[..., str]) -> None:
    first = started(group, module(SLEEPER), "first")
    second = started(group, module(SLEEPER), "second")
    os.kill(first.pid, signal.SIGKILL)

    with pytest.raises(ProcessDiedError, match="The first was killed"):
        group.wait_until_ready(second, lambda: False, deadline_s=PATIENCE_S)


PARENT = """
    import sys, time
    from chatapp.processes.group import ChildGroup
    from chatapp.processes.child import start_child
    depth = int(sys.argv[1])
    with ChildGroup() as group:
        if depth:
            group.add(start_child("child", "family", [str(depth - 1)]))
        print("up", flush=True)
        time.sleep(600)
"""


def family(module: Callable[..., str], depth: int) -> list[psutil.Process]:
    """Start a process that starts a child, and so on; give them, the eldest first."""
    eldest = psutil.Popen([sys.executable, "-m", module(PARENT, "family"), str(depth)], stdout=subprocess.DEVNULL)
    assert eventually(lambda: len(eldest.children(recursive=True)) == depth)
    others = eldest.children(recursive=True)
    assert eventually(lambda: all(child.num_threads() > 1 for child in others)), "a child follows nobody"
    return [eldest, *others]


@pytest.mark.parametrize("depth", [1, 2])
def test_no_generation_outlives_a_parent_that_is_killed(module: Callable[..., str], depth: int) -> None:
    eldest, *others = family(module, depth)

    eldest.kill()
    eldest.wait()

    assert left_after(others, 5) == []


def test_a_stubborn_orphan_is_ended_by_force(module: Callable[..., str]) -> None:
    name = module("""
        import subprocess, sys, time
        from chatapp.processes.child import start_child
        child = start_child("child", "stubborn", on_line=lambda line: print(child.pid, flush=True))
        time.sleep(600)
    """)
    module(STUBBORN, "stubborn")
    parent = subprocess.Popen([sys.executable, "-m", name], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        orphan = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()

    assert left_after([orphan], 5) == []


def test_a_busy_port_is_named_with_its_setting() -> None:
    with bound_socket("127.0.0.1", 0, setting="PORT") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUseError) as caught:
            bound_socket("localhost", port, setting="UI_PORT")

    assert caught.value.detail == f"Port {port} on localhost is in use (UI_PORT)."


def test_all_busy_ports_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        first, second = one.getsockname()[1], other.getsockname()[1]
        with pytest.raises(PortInUseError) as caught:
            require_free_ports("127.0.0.1", PORT=first, UI_PORT=second)

    assert caught.value.sentence() == (
        f"Port {first} on 127.0.0.1 is in use (PORT). Port {second} on 127.0.0.1 is in use (UI_PORT). "
        "Stop what listens there, or set another PORT and another UI_PORT."
    )


def test_two_settings_cannot_name_the_same_port() -> None:
    with pytest.raises(SettingsError, match=r"^PORT and UI_PORT are the same port\.$"):
        require_free_ports("127.0.0.1", PORT=8000, UI_PORT=8000)


def test_a_port_can_be_taken_again_right_after_a_connection() -> None:
    with bound_socket("127.0.0.1", 0, setting="PORT") as listener:
        address = listener.getsockname()
        with socket.create_connection(address):
            listener.accept()[0].close()

    with bound_socket(*address, setting="PORT") as again:
        assert again.getsockname() == address


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "x" * 300])
def test_an_address_that_is_not_ours_is_a_wrong_setting(host: str) -> None:
    with pytest.raises(SettingsError, match=r"^HOST is '.*': (there is|this machine has) no such address\.$"):
        bound_socket(host, 0, setting="PORT")


def test_a_free_port_is_free() -> None:
    with bound_socket("127.0.0.1", free_port(), setting="PORT") as listener:
        assert listener.getsockname()[1] > 0

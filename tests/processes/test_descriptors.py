"""How much this process may have open."""

import resource
import subprocess
import sys

CODE = """
import resource
from chatapp.processes.descriptors import raise_descriptor_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
raise_descriptor_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_as_much_as_the_system_allows_may_be_open() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= 200
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "(200, 200)"


def test_too_few_for_anybody_are_told_at_the_start() -> None:
    """With 24 to 40 each connection was one too many, and `chatapp ask` waited for the backend it had started."""
    command = ["sh", "-c", 'ulimit -n 40; exec "$0" -m chatapp serve', sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    said = "chatapp: The system allows 40 open files, and 64 are needed. Raise `ulimit -n`.\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_a_command_that_runs_out_of_them_says_so() -> None:
    command = ["sh", "-c", 'ulimit -n 8; exec "$0" -m chatapp ask Hi', sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    said = "chatapp: The system allows no more open files. Raise `ulimit -n`.\n"
    assert (done.returncode, done.stderr) == (1, said)

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

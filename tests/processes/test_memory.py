"""Memory beside what a process holds."""

import platform
import subprocess
import sys

import pytest

ARENAS = """
import ctypes, os, tempfile, threading
from chatapp.processes.memory import give_memory_back

give_memory_back()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
together = threading.Barrier(8)

def take():
    together.wait()
    libc.malloc(100_000)
    together.wait()

threads = [threading.Thread(target=take) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    out = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, out)
    libc.fclose(out)
    print(file.read().count(b"<heap nr="))
"""

LARGE_PIECES = """
import ctypes
from chatapp.processes.memory import give_memory_back

class Info(ctypes.Structure):  # of which hblks tells how many pieces go back by themselves
    _fields_ = [(f"other{number}", ctypes.c_size_t) for number in range(3)]
    _fields_ += [("hblks", ctypes.c_size_t), ("others", ctypes.c_size_t * 6)]

give_memory_back()
libc = ctypes.CDLL(None)
if not hasattr(libc, "mallinfo2"):  # before glibc 2.33
    print(1)
    raise SystemExit
libc.mallinfo2.restype, libc.malloc.restype = Info, ctypes.c_void_p
libc.free(ctypes.c_void_p(libc.malloc(8_000_000)))
before = libc.mallinfo2().hblks
libc.malloc(4_000_000)
print(libc.mallinfo2().hblks - before)
"""

HOLES = """
import ctypes, resource
from chatapp.processes.memory import give_back_what_is_free

def held():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * resource.getpagesize()

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
pieces = [libc.malloc(30_000) for _ in range(2000)]
for piece in pieces:
    ctypes.memset(piece, 1, 30_000)
for number, piece in enumerate(pieces):
    if number % 10:
        libc.free(ctypes.c_void_p(piece))
before = held()
give_back_what_is_free()
print(before - held())
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc alone")


def test_what_is_large_goes_back_whatever_was_freed_before() -> None:
    done = subprocess.run([sys.executable, "-c", LARGE_PIECES], capture_output=True, check=True, timeout=60)
    assert int(done.stdout) == 1


def test_threads_share_few_arenas() -> None:
    done = subprocess.run([sys.executable, "-c", ARENAS], capture_output=True, check=True, timeout=60)
    assert int(done.stdout) <= 2


def test_what_is_free_between_what_is_held_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", HOLES], capture_output=True, check=True, timeout=60)
    assert int(done.stdout) > 30_000_000  # of 54 MB that are free

"""Little address space (`ulimit -v`, a container that counts it): threads are made to take little of it.

As usual each would reserve 8 MiB for its stack and 64 MiB or more for its memory, and a quarter of a gigabyte would
be gone with three of them, though hardly any of it is used.
"""

from __future__ import annotations

SMALL_STACK = 1 << 20
"""Bytes; Python code needs few of them."""
_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's <malloc.h>."""


def be_modest() -> None:
    """Have threads take little, where the address space is limited. It changes nothing elsewhere."""
    try:
        from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit
    except ImportError:  # Windows
        return
    if getrlimit(RLIMIT_AS)[0] == RLIM_INFINITY:
        return
    import threading
    from contextlib import suppress

    threading.stack_size(SMALL_STACK)
    with suppress(ImportError, OSError, AttributeError):  # another C library has no such arenas
        import ctypes

        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)

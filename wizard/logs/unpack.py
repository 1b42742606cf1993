"""Packed and otherwise encoded logs, unpacked as they stream by: told by their first bytes, never by their name.

Takes and gives chunks of bytes, an empty one meaning that nothing came for a while: none is given for any other reason.
No chunk that it gives grows with the input, however well that was packed. Broken data raises Broken, after all that
could be read.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Protocol, cast

from wizard.errors import UsageError

CHUNK = 131_072
"""Bytes that are read or unpacked at once; much larger ones are handed back to the system each time they are freed."""
_FRAMES = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
LONGEST_MAGIC = 6
MOST_MEMORY = 512 * 1024 * 1024
"""Bytes that unpacking xz may take; `xz -9` needs an eighth of it."""
BITE = 256
"""Bytes of zstd that are unpacked at once by a package that knows no bound."""
NO_ZSTD = "reading zstd needs the program 'zstd', or the Python package 'zstandard'"


class Broken(UsageError):
    """Packed data ends too early or is damaged; what came before was given."""


class _Unpacker(Protocol):
    """What bz2, lzma and compression.zstd have in common."""

    eof: bool
    needs_input: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Some of the content."""


def unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks as UTF-8 or whatever single bytes the log is in: unpacked, and recoded from UTF-16 with a mark."""
    return _recoded(_opened(chunks))


def is_packed(head: bytes) -> bool:
    """Whether these first bytes begin a form that is unpacked here."""
    return head.startswith(tuple(_FRAMES))


def _with_head(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Enough first bytes to tell what they are, and all that follows them."""
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        # What pauses after less than that is no packed file.
        if len(head) >= LONGEST_MAGIC or (not chunk and head):
            break
    return head, source


def _opened(chunks: Iterable[bytes]) -> Iterator[bytes]:
    head, rest = _with_head(chunks)
    form = next((name for magic, name in _FRAMES.items() if head.startswith(magic)), "")
    if not form:
        yield from _joined(head, rest)
        return
    packed = _joined(head, rest)
    yield from _zstd(packed) if form == "zstd" else _unpack(packed, _maker_of(form), form)


def _joined(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def _recoded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    head, rest = _with_head(chunks)
    name = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "")
    if not name:
        yield from _joined(head.removeprefix(codecs.BOM_UTF8), rest)
        return
    decoder = codecs.getincrementaldecoder(name)("replace")
    for chunk in _joined(head[2:], rest):
        content = decoder.decode(chunk).encode("utf-8", "replace")
        if content or not chunk:
            yield content
    yield from _joined(decoder.decode(b"", final=True).encode("utf-8", "replace"), iter(()))


def _maker_of(form: str) -> Callable[[], _Unpacker]:
    if form == "gzip":
        return _Gunzip
    if form == "bzip2":
        import bz2

        return cast("Callable[[], _Unpacker]", bz2.BZ2Decompressor)
    import lzma

    return lambda: cast("_Unpacker", lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_MEMORY))


class _Gunzip:
    """zlib with the interface of bz2 and lzma."""

    def __init__(self) -> None:
        import zlib

        self._zlib = zlib.decompressobj(wbits=31)
        self.eof = False
        self.needs_input = True
        self.unused_data = b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Some of the content; the rest of `data` is kept for the next call. Raises zlib.error."""
        content = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.eof, self.unused_data = self._zlib.eof, self._zlib.unused_data
        self.needs_input = not self._zlib.unconsumed_tail and len(content) < max_length
        return content


def _unpack(chunks: Iterable[bytes], make: Callable[[], _Unpacker], form: str) -> Iterator[bytes]:
    """Unpack one frame after another, as `cat a.gz b.gz` makes them; what follows them and is none is left."""
    unpacker, rest = make(), b""
    for chunk in chunks:
        if not chunk:
            yield b""
            continue
        rest += chunk
        while rest or not (unpacker.eof or unpacker.needs_input):
            if unpacker.eof:
                rest = rest.lstrip(b"\0")
                if len(rest) < LONGEST_MAGIC:
                    break
                if not is_packed(rest):
                    return
                unpacker = make()
            content = _content(unpacker, rest, form)
            rest = unpacker.unused_data if unpacker.eof else b""
            if content:
                yield content
    if not unpacker.eof:
        raise Broken(f"its {form} data ends too early; what could be read was looked at")


def _content(unpacker: _Unpacker, chunk: bytes, form: str) -> bytes:
    try:
        return unpacker.decompress(chunk, CHUNK)
    except Exception as error:
        raise Broken(f"its {form} data is damaged; what could be read was looked at") from error


def _zstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """With the standard library from Python 3.14 on, else the package, else the program. Raises UsageError."""
    from importlib import import_module
    from shutil import which

    for name in ("compression.zstd", "zstandard"):
        try:
            module: Any = import_module(name)
        except ImportError:
            continue
        if name == "zstandard":
            return _zstandard(chunks, module)
        return _unpack(chunks, module.ZstdDecompressor, "zstd")
    program = which("zstd")
    if program is None:
        raise UsageError(NO_ZSTD)
    return _by_program(chunks, program)


def _zstandard(chunks: Iterable[bytes], module: Any) -> Iterator[bytes]:
    unpacker = module.ZstdDecompressor().decompressobj()
    try:
        for chunk in chunks:
            # In small bites: one call gives all that they hold, and a bite can grow a thousandfold.
            for start in range(0, len(chunk), BITE):
                bite = chunk[start : start + BITE]
                while bite:
                    if unpacker.eof:
                        unpacker = module.ZstdDecompressor().decompressobj()
                    content = unpacker.decompress(bite)
                    yield from (content[at : at + CHUNK] for at in range(0, len(content), CHUNK))
                    bite = unpacker.unused_data if unpacker.eof else b""
            if not chunk:
                yield b""
    except module.ZstdError as error:
        raise Broken("its zstd data is damaged; what could be read was looked at") from error
    if not unpacker.eof:
        raise Broken("its zstd data ends too early; what could be read was looked at")


def _by_program(chunks: Iterable[bytes], program: str) -> Iterator[bytes]:
    from subprocess import DEVNULL, PIPE, Popen
    from threading import Thread

    with Popen([program, "-dcq"], stdin=PIPE, stdout=PIPE, stderr=DEVNULL, bufsize=0) as child:
        if child.stdin is None or child.stdout is None:
            raise UsageError(NO_ZSTD)
        feeder = Thread(target=_hand_over, args=(chunks, child.stdin), daemon=True)
        feeder.start()
        try:
            while content := child.stdout.read(CHUNK):
                yield content
        finally:
            child.stdout.close()
            if child.poll() is None and feeder.is_alive():
                child.terminate()
    if child.returncode:
        raise Broken("its zstd data is damaged or ends too early; what could be read was looked at")


def _hand_over(chunks: Iterable[bytes], pipe: IO[bytes]) -> None:
    try:
        with pipe:
            for chunk in chunks:
                pipe.write(chunk)
    except (OSError, ValueError):
        return  # the child has ended: its exit status tells why

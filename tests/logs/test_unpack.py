"""Packed and otherwise encoded logs are read as they are, in whatever pieces they come."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.logs.unpack import CHUNK, Broken, is_packed, unpacked

TEXT = "\n".join(f"line {number} with some words: äöü €" for number in range(4_000)).encode()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}
every_form = pytest.mark.parametrize("form", PACKERS)


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def read(chunks: Iterable[bytes]) -> bytes:
    return b"".join(unpacked(chunks))


@every_form
@pytest.mark.parametrize("size", [1, 7, 1000, CHUNK])
def test_each_form_in_pieces_of_any_size(form: str, size: int) -> None:
    small = TEXT[:20_000]
    assert read(cut(PACKERS[form](small), size)) == small


@every_form
@pytest.mark.parametrize("size", [5, CHUNK])
def test_several_one_after_another(form: str, size: int) -> None:
    packed = PACKERS[form](TEXT[:9_000]) + PACKERS[form](TEXT[9_000:20_000])
    assert read(cut(packed, size)) == TEXT[:20_000]


@every_form
def test_no_empty_chunk_is_given_that_is_no_pause(form: str) -> None:
    """An empty chunk ends the error that is being read."""
    assert b"" not in list(unpacked(cut(PACKERS[form](TEXT), 3)))


@pytest.mark.parametrize("form", ["gzip", "xz"])
def test_a_pause_is_passed_on(form: str) -> None:
    packed = PACKERS[form](TEXT)
    half = len(packed) // 2
    chunks = list(unpacked([packed[:half], b"", packed[half:]]))
    assert chunks.count(b"") == 1
    assert b"".join(chunks) == TEXT


@pytest.mark.slow
@every_form
def test_one_that_ends_too_early_gives_what_it_has(form: str) -> None:
    packed = PACKERS[form](TEXT * 20)
    got: list[bytes] = []
    with pytest.raises(Broken, match="looked at"):
        got.extend(unpacked([packed[: len(packed) * 2 // 3]]))
    assert (TEXT * 20).startswith(b"".join(got))


@every_form
def test_a_damaged_one_is_told(form: str) -> None:
    packed = bytearray(PACKERS[form](TEXT))
    packed[len(packed) // 2 :] = b"\xff" * (len(packed) - len(packed) // 2)
    with pytest.raises(Broken):
        read([bytes(packed)])


@every_form
def test_no_chunk_grows_with_what_is_packed(form: str) -> None:
    packed = PACKERS[form](b"\0" * 20_000_000)
    sizes = [len(chunk) for chunk in unpacked([packed])]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= 4 * CHUNK


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("size", [1, 3, CHUNK])
def test_utf_16_with_a_mark_becomes_utf_8(name: str, size: int) -> None:
    written = ("\ufeff" + TEXT.decode()).encode(name)
    assert read(cut(written, size)) == TEXT


def test_a_mark_of_utf_8_is_no_part_of_the_log() -> None:
    assert read([b"\xef\xbb\xbfabc"]) == b"abc"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_anything_else_comes_as_it_is(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    if is_packed(whole) or whole.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return
    assert read(chunks) == whole


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["gzip", "bzip2", "xz"]), st.binary(max_size=200), st.integers(0, 100))
def test_no_packed_bytes_are_too_strange(form: str, noise: bytes, at: int) -> None:
    packed = PACKERS[form](TEXT[:500])
    with suppress(Broken):
        assert isinstance(read([packed[:at] + noise]), bytes)

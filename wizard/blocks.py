"""A document as a list of blocks, and the three ways to write it: Markdown, HTML, text.

What stands in a block is data: whatever markup it holds is shown, never obeyed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from wizard.named import NamedTuple
from wizard.redact import clean


class Heading(NamedTuple):
    """A heading; level 1 is the title."""

    level: int
    text: str


class Para(NamedTuple):
    """A paragraph of prose."""

    text: str


class Items(NamedTuple):
    """A list of one-line texts."""

    texts: tuple[str, ...]


class Code(NamedTuple):
    """What was said or is to be typed, character by character. `language` is a word such as sh or sql."""

    text: str
    language: str = ""


class Table(NamedTuple):
    """Rows of cells below a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Para | Items | Code | Table

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")
_LINE_START = re.compile(r"^(?:()([-+=])|(\d{1,9})([.)])(?=\s|$))")
_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem;color:#1b1b1b;background:#fff}h1,h2,h3{line-height:1.25}h2{margin-top:2rem}"
    "pre{background:#f4f4f4;padding:.75rem;overflow-x:auto;border-left:3px solid #888}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.25rem .6rem;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{background:#161616;color:#e8e8e8}pre{background:#222}"
    "td,th{border-color:#555}}"
    "@media print{body{font-size:10pt;margin:0;max-width:none;color:#000;background:#fff}"
    "pre{background:#fff;border:1px solid #888;white-space:pre-wrap;overflow-wrap:anywhere}"
    "td,th{border-color:#888}h1,h2,h3{break-after:avoid}tr,pre,li{break-inside:avoid}}"
)


def to_markdown(blocks: Iterable[Block]) -> str:
    """CommonMark with tables."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_md(block.text)}"
    if isinstance(block, Para):
        return _md(block.text)
    if isinstance(block, Items):
        return "\n".join(f"- {_md(text)}" for text in block.texts)
    if isinstance(block, Code):
        return _fenced(block)
    lines = [block.head, tuple("---" for _ in block.head), *block.rows]
    return "\n".join(
        f"| {' | '.join(cell if number == 1 else _md(cell) for cell in row)} |"
        for number, row in enumerate(lines)
    )


def _md(text: str) -> str:
    """One line in which nothing is markup."""
    return _LINE_START.sub(r"\1\3\\\2\4", _MARKUP.sub(r"\\\1", _flat(text))) if text else ""


def _fenced(block: Code) -> str:
    """A fence longer than any run of backticks inside."""
    text = clean(block.text, limit=0).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{block.language}\n{text}\n{fence}"


def to_html(blocks: Iterable[Block], title: str) -> str:
    """One page that needs nothing else: no script, no link to anything it loads."""
    body = "\n".join(_html(block) for block in blocks)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_esc(_flat(title))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{_esc(_flat(block.text))}</h{block.level}>"
    if isinstance(block, Para):
        return f"<p>{_esc(_flat(block.text))}</p>"
    if isinstance(block, Items):
        return "<ul>" + "".join(f"<li>{_esc(_flat(text))}</li>" for text in block.texts) + "</ul>"
    if isinstance(block, Code):
        return f"<pre><code>{_esc(clean(block.text, limit=0))}</code></pre>"
    return f"<table>{_row(block.head, 'th')}{''.join(_row(row, 'td') for row in block.rows)}</table>"


def _row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{_esc(_flat(cell))}</{tag}>" for cell in cells) + "</tr>"


def _esc(text: str) -> str:
    return html.escape(text, quote=True)


def to_text(blocks: Iterable[Block]) -> str:
    """Plain text without wrapping: for a mail or a ticket."""
    return "\n".join(line for block in blocks for line in _text(block)) + "\n"


def _text(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        words = _flat(block.text)
        yield from (words, ("=" if block.level == 1 else "-") * len(words))
    elif isinstance(block, Para):
        yield from (_flat(block.text), "")
    elif isinstance(block, Items):
        yield from (f"* {_flat(text)}" for text in block.texts)
        yield ""
    elif isinstance(block, Code):
        yield from (f"    {line}".rstrip() for line in clean(block.text, limit=0).splitlines())
        yield ""
    else:
        rows = [tuple(_flat(cell) for cell in row) for row in (block.head, *block.rows)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(block.head))]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield ""


def _flat(text: str) -> str:
    return " ".join(clean(text, limit=0).split())

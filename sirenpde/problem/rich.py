"""Tables as HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def html_table(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> str:
    """Text in rows and columns, aligned to the left; nothing in it is taken for HTML.

    >>> html_table([["u < 1", "2"]], ["what", "n"])
    '<table><tr><th>what</th><th>n</th></tr><tr><td style="text-align:left">u &lt; 1</td><td
    style="text-align:left">2</td></tr></table>'
    """
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = ["".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in row) for row in rows]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in [top, *lines] if line)}</table>"

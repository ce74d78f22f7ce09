"""What to do next, for readers in marimo: where sentences name ``%sail``, these name what marimo has. Pure."""

from __future__ import annotations

import textwrap

_CONSOLE_CHARACTERS = 100
_CONNECT_AGAIN = "run the cell with connect() again"
_INSTEAD: tuple[tuple[str, str], ...] = (
    (
        "%sail close, then %sail relaunch, end it for sure;",
        f"To end it for sure, close the session in its panel, then {_CONNECT_AGAIN};",
    ),
    ("Run %sail connect to get a new one.", "Run the cell with connect() again to get a new one."),
    ("run %sail connect to start a new one", f"{_CONNECT_AGAIN} to start a new one"),
    ("then run %sail relaunch:", f"then close the session in its panel and {_CONNECT_AGAIN}:"),
    ("another %sail interrupt says whether it goes on", "the session's panel shows whether it goes on"),
    ("%sail interrupt says whether it goes on", "the session's panel shows whether it goes on"),
    ("%sail queries tells", "the session's panel shows"),
    ("%sail status tells", "the session's panel shows"),
    ("run %sail close and %sail connect", f"close the session in its panel and {_CONNECT_AGAIN}"),
    ("%sail catalog lists what there is", "the panel of data sources lists what there is"),
    ("%sail connect --new", "connect(new=True)"),
    ("%sail connect --bare", "connect(restore=False)"),
    ("%sail connect", "connect()"),
    ("%sail close", "jupyter lakesail close"),
    ("change to another one (%cd ~)", "change to another one with os.chdir()"),
    ("%cd back", "os.chdir() back"),
    ("the notebook's folder", "the folder of the session"),
)


def in_its_console(sentence: str) -> str:
    """The same in lines that the console of a cell has room for: it breaks none itself."""
    return textwrap.fill(in_marimo(sentence), _CONSOLE_CHARACTERS, break_long_words=False, break_on_hyphens=False)


def in_marimo(sentence: str) -> str:
    """The sentence, with the cures that marimo has."""
    for theirs, ours in _INSTEAD:
        sentence = sentence.replace(theirs, ours)
    return sentence

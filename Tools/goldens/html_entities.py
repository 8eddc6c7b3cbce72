#!/usr/bin/env python3
"""Writes the table of named character references of HTML as a Swift file.

    python3 Tools/goldens/html_entities.py > Sources/Engine/Tokenizers/HTMLEntityTable.swift

The names are those of the HTML standard (section 13.5), as Python's `html.entities.html5` lists them.
"""

import html.entities
import textwrap

table = html.entities.html5
words = []
for name in sorted(n for n in table if n.endswith(";")):
    bare = name[:-1]
    mark = "!" if bare in table else ""
    words.append(f"{bare}{mark}=" + ",".join(f"{ord(c):x}" for c in table[name]))
assert all(n.endswith(";") or n + ";" in table for n in table)
print('''/// The named character references of HTML. `Tools/goldens/html_entities.py` wrote this file.
enum HTMLEntityTable {
    /// `name=scalars` in hexadecimal; `!` marks a name that also counts without its semicolon.
    static let text = """''')
print(
    "\n".join(
        "        " + line
        for line in textwrap.wrap(" ".join(words), 112, break_long_words=False, break_on_hyphens=False)
    )
)
print('''        """
}''')

"""Recipes of random weights: Models/random/recipe.txt says what their lines mean. Needs nothing but Python."""

import itertools
import re
import types


class Recipe:
    """What a recipe copies, and the files that it draws, each with its lines."""

    def __init__(self, text):
        self.copies, self.parts, self.files = [], {}, []
        for words, lines in self.blocks(
            [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
        ):
            if words[0] == "copy":
                self.copies.append(words[1:])
            elif words[0] == "define":
                self.parts[words[1]] = (words[2:], lines)
            elif words[0] == "file":
                self.files.append((words[1:], lines))
            else:
                raise ValueError(f"a line that means nothing: {' '.join(words)}")

    @staticmethod
    def blocks(lines):
        """Lines with the more indented ones that follow each."""
        depths = [len(line) - len(line.lstrip()) for line in lines]
        start = 0
        while start < len(lines):
            end = start + 1
            while end < len(lines) and depths[end] > depths[start]:
                end += 1
            yield lines[start].split(), lines[start + 1 : end]
            start = end

    def lines(self, lines, path="", sizes=types.MappingProxyType({})):
        """Path, kind, numbers and options of every line that draws."""
        for words, inner in self.blocks(lines):
            names, *rest = words
            for name in itertools.product(*(part.split(",") for part in names.split("."))):
                full = path if names == "." else ".".join([path] * bool(path) + list(name))
                if not rest:
                    yield from self.lines(inner, full, sizes)
                    continue
                kind, options = rest[0], dict(word.split("=") for word in rest if "=" in word)
                numbers = [self.number(word, sizes) for word in rest[1:] if "=" not in word]
                if kind in self.parts:
                    parameters, body = self.parts[kind]
                    yield from self.lines(body, full, dict(zip(parameters, numbers, strict=True)))
                else:
                    yield full, kind, numbers, options

    @staticmethod
    def number(word, sizes):
        if word[-1] in sizes:
            return int(word[:-1] or 1) * sizes[word[-1]]
        return float(word) if re.search(r"[.e]", word) else int(word)

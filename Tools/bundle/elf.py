"""Reads what a loader reads of a program or library: 64-bit little-endian ELF."""

import struct
from dataclasses import dataclass
from pathlib import Path

# Section types and dynamic tags, by <elf.h>.
SYMBOLS, VERSIONS, VERSIONS_NEEDED, VERSIONS_DEFINED, DYNAMIC = 11, 0x6FFFFFFF, 0x6FFFFFFE, 0x6FFFFFFD, 6
NEEDED = 1
FUNCTIONS = (2, 10)


@dataclass(frozen=True)
class Symbol:
    """A name that a file defines, or that it looks for elsewhere."""

    name: str
    # The version that the definition has, or that is asked for; empty where there is none.
    version: str
    is_function: bool
    # Bytes; of what is no function.
    size: int


class Elf:
    """One file."""

    def __init__(self, path: Path):
        # Names of libraries.
        self.needed: list[str] = []
        self.defined: list[Symbol] = []
        self.undefined: list[Symbol] = []
        # Versions asked for, by the library that should have them.
        self.wanted: dict[str, list[str]] = {}
        data = memoryview(path.read_bytes())
        if bytes(data[:6]) != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is no 64-bit program or library")
        (table,) = struct.unpack_from("<Q", data, 0x28)
        each, count = struct.unpack_from("<HH", data, 0x3A)
        headers = [struct.unpack_from("<IIQQQQIIQQ", data, table + index * each) for index in range(count)]
        sections = {
            header[1]: (data[header[4] : header[4] + header[5]], headers[header[6]])
            for header in headers
            if header[1] in (SYMBOLS, VERSIONS, VERSIONS_NEEDED, VERSIONS_DEFINED, DYNAMIC)
        }

        def text(header, offset: int) -> str:
            start = header[4] + offset
            end = start
            while data[end]:
                end += 1
            return bytes(data[start:end]).decode()

        if DYNAMIC not in sections:
            return
        content, strings = sections[DYNAMIC]
        for tag, value in struct.iter_unpack("<qQ", content):
            if tag == 0:
                break
            if tag == NEEDED:
                self.needed.append(text(strings, value))
        names = {}
        if VERSIONS_DEFINED in sections:
            content, strings = sections[VERSIONS_DEFINED]
            offset = 0
            while True:
                _, _, number, _, _, parts, following = struct.unpack_from("<HHHHIII", content, offset)
                names[number] = text(strings, struct.unpack_from("<I", content, offset + parts)[0])
                if not following:
                    break
                offset += following
        if VERSIONS_NEEDED in sections:
            content, strings = sections[VERSIONS_NEEDED]
            offset = 0
            while True:
                _, count, library, parts, following = struct.unpack_from("<HHIII", content, offset)
                part = offset + parts
                for _ in range(count):
                    _, _, number, name, next_part = struct.unpack_from("<IHHII", content, part)
                    names[number] = text(strings, name)
                    self.wanted.setdefault(text(strings, library), []).append(names[number])
                    part += next_part
                if not following:
                    break
                offset += following
        if SYMBOLS not in sections:
            return
        content, strings = sections[SYMBOLS]
        numbers = (
            [number for (number,) in struct.iter_unpack("<H", sections[VERSIONS][0])] if VERSIONS in sections else []
        )
        for index, (name, info, _, section, _, size) in enumerate(struct.iter_unpack("<IBBHQQ", content)):
            if not name or info >> 4 not in (1, 2, 10):
                continue
            number = numbers[index] if numbers else 1
            # 0 and 1: of no version; the first definition names the file itself.
            version = names.get(number & 0x7FFF, "") if number & 0x7FFF > 1 else ""
            symbol = Symbol(text(strings, name), version, info & 15 in FUNCTIONS, size)
            (self.defined if section else self.undefined).append(symbol)

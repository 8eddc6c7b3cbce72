"""Makes a library that stands in for another: the symbols and versions that are looked for, and no code."""

import subprocess
from pathlib import Path

from elf import Elf, Symbol

# Says on standard error what was called, and ends the process.
REFUSE = """
extern long write(int, const void *, unsigned long);
extern void abort(void);
static void refuse(const char *function) {
    static const char before[] = "seehear: ", after[] = " was called, of LIBRARY, which is not in the bundle\\n";
    unsigned long length = 0;
    while (function[length]) length++;
    (void)!write(2, before, sizeof before - 1);
    (void)!write(2, function, length);
    (void)!write(2, after, sizeof after - 1);
    abort();
}
"""


def name_for(name: str) -> str:
    """What the stand-in for a library is called: otherwise than the library, which something else may need in the same
    process, such as what the machine looks up users with."""
    return f"stand-in-{name}"


def wanted_symbols(library: Elf, users: list[Elf]) -> list[Symbol]:
    """What the library defines and a user of it looks for, by name."""
    names = {symbol.name for user in users for symbol in user.undefined}
    # Where a name has several versions the last is the one that is linked against.
    found = {symbol.name: symbol for symbol in library.defined if symbol.name in names}
    return [found[name] for name in sorted(found)]


def source(name: str, symbols: list[Symbol], answered: set[str]) -> str:
    """The C of a stand-in."""
    lines = [REFUSE.replace("LIBRARY", name)]
    for symbol in symbols:
        if not symbol.is_function:
            lines.append(f"char {symbol.name}[{max(symbol.size, 1)}];")
        elif symbol.name in answered:
            lines.append(f"long {symbol.name}(void) {{ return 0; }}")
        else:
            lines.append(f'void {symbol.name}(void) {{ refuse("{symbol.name}"); }}')
    return "\n".join(lines) + "\n"


def version_script(name: str, symbols: list[Symbol], users: list[Elf]) -> str:
    """The linker's script that gives the symbols their versions; nothing where they have none.

    A version that a user asks for has to be there, also where none of its symbols is: the loader looks.
    """
    versions: dict[str, list[str]] = {version: [] for user in users for version in user.wanted.get(name, [])}
    for symbol in symbols:
        if symbol.version:
            versions.setdefault(symbol.version, []).append(symbol.name)
    blocks = []
    for version, names in sorted(versions.items()):
        blocks.append(f"{version} {{" + (f" global: {'; '.join(names)};" if names else "") + " };")
    return "\n".join(blocks) + "\n" if blocks else ""


def make(name: str, original: Path, users: list[Elf], answered: set[str], into: Path, work: Path) -> None:
    """Writes the stand-in for a library.

    - name: the library's, as the users name it until they are told otherwise.
    - users: those that name it.
    - answered: functions that return 0.
    """
    symbols = wanted_symbols(Elf(original), users)
    code, script = work / "stand_in.c", work / "stand_in.map"
    code.write_text(source(name, symbols, answered))
    versions = version_script(name, symbols, users)
    script.write_text(versions)
    subprocess.run(
        # fmt: off
        [
            "clang",
            "-w",
            "-Os",
            "-fno-builtin",
            "-fPIC",
            "-shared",
            "-nostartfiles",
            "-fuse-ld=lld",
            "-s",
            f"-Wl,-soname,{name_for(name)}",
            "-Wl,--hash-style=gnu",
            "-Wl,--build-id=none",
            *([f"-Wl,--version-script,{script}"] if versions else []),
            str(code),
            "-o",
            str(into / name_for(name)),
        ],
        # fmt: on
        check=True,
    )

#!/usr/bin/env python3
"""Writes the table of Unicode's compatibility decompositions that the NFKC and NFKD normalizers read.

usage: make-compatibility-table.py > Runtime/Sources/Tokenizers/Normalizers/CompatibilityTable.swift

Takes them from Python's unicodedata, or from the newer data of the PyPI package unicodedata2 if it is installed.
Decompositions never change once a character has them, so a newer version only adds characters.
"""
try:
    import unicodedata2 as ucd
except ImportError:
    import unicodedata as ucd

WIDTH = 94

HEAD = '''/// Characters that Unicode decomposes further for compatibility (UAX #15), and what they become,
/// made by `Tools/make-compatibility-table.py` from the data of Unicode {version}.
///
/// Entries are in the order of their characters, separated by ";". An entry begins with its
/// character and "=", unless that follows the previous one; then come its replacement code points,
/// separated by "+". "*n" after an entry: the n characters after it become the code points after
/// its own, one each. All numbers are hexadecimal.
enum CompatibilityTable {{
    static let entries: StaticString = """
'''


def decompositions():
    """The characters whose full compatibility decomposition is not their canonical one."""
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            full = ucd.normalize("NFKD", chr(code))
            if full != ucd.normalize("NFD", chr(code)):
                yield code, [ord(c) for c in full]


def entries():
    all = list(decompositions())
    before, i = None, 0
    while i < len(all):
        code, full = all[i]
        run = 0
        if len(full) == 1:
            while i + run + 1 < len(all) and all[i + run + 1] == (code + run + 1, [full[0] + run + 1]):
                run += 1
        key = "" if before is not None and code == before + 1 else f"{code:X}="
        yield key + "+".join(f"{c:X}" for c in full) + (f"*{run:X}" if run else "")
        before, i = code + run, i + run + 1


def main():
    print(HEAD.format(version=ucd.unidata_version), end="")
    line = ""
    for entry in entries():
        if len(line) + len(entry) + 1 > WIDTH:
            print(f"        {line}\\")
            line = ""
        line += entry + ";"
    print(f"        {line[:-1]}")
    print('        """\n}')


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes abi.json and abi_v1_layout.c from include/roost_plugin.h, or checks that they are as written.

abi.json describes the contract for other languages and tools: every structure and member with its
type, offset, size, the minor version it came with, its thread tag and who owns what it points to.
abi_v1_layout.c holds the same offsets as compile-time assertions.

    abi.py          check; exit status 1 and the differences when header and files disagree
    abi.py --write  write both files anew
"""
import difflib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
HEADER = HERE / "include" / "roost_plugin.h"

COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"
STRUCT = re.compile(rf"(?:(?P<doc>{COMMENT})\n)?typedef struct (?P<name>roost_\w+) \{{\n(?P<body>.*?)\n\}} (?P=name);", re.S)
ENUM = re.compile(r"enum \{(?P<body>.*?)\}", re.S)
EXTENSION = re.compile(r'#define (ROOST_EXT_\w+) "([^"]+)"')
FUNCTION = re.compile(r"^(?P<type>.*?)\(\*(?P<name>\w+)\)\((?P<parameters>.*)\)$", re.S)
ENTRY = re.compile(rf"(?P<doc>{COMMENT})\n(?P<type>const roost_plugin \*)(?P<name>roost_plugin_query_v\d+)\((?P<parameters>[^)]*)\);")


def words(text):
    return " ".join(re.sub(r"^\s*\*", " ", text.strip("/* \n"), flags=re.M).split())


def thread(text):
    tag = re.search(r"\[(any|load|lane)\]", text)
    return tag.group(1) if tag else None


def since(text):
    mark = re.search(r"\bsince (\d+)\b", text)
    return int(mark.group(1)) if mark else 0


def ownership(comment, doc, kind):
    """How long what a pointer leads to stays valid: for the call, unless the comment says "until"."""
    if "*" not in kind and kind not in ("roost_str", "roost_span"):
        return None
    text = comment if "(*)" in kind else f"{comment} {doc}"
    until = re.search(r"\buntil (unmap|free|detach|close|end|context_free)\b", text)
    return "until " + until.group(1) if until else "call"


def statements(body):
    """Pairs of a declaration and the comments before it, or behind it on its lines."""
    pending, found = "", []
    for piece in re.finditer(rf"(?P<comment>{COMMENT})|(?P<code>[^;/]+);", body):
        if piece["comment"]:
            start = body.rfind("\n", 0, piece.start()) + 1
            if body[start:piece.start()].strip() and found:
                found[-1][1] += " " + words(piece["comment"])
            else:
                pending += " " + words(piece["comment"])
        else:
            found.append([" ".join(piece["code"].split()), pending.strip()])
            pending = ""
    return found


def members(body):
    for code, comment in statements(body):
        function = FUNCTION.match(code)
        if function:
            kind = f'{function["type"].strip()} (*)({function["parameters"]})'
            yield function["name"], kind, comment
            continue
        base, names = re.match(r"((?:const )?\w+)\s+(.*)", code).groups()
        for name in names.split(","):
            stars, name, bound = re.match(r"\s*(\**)(\w+)((?:\[\d+\])?)", name).groups()
            yield name, (base + (" " + stars if stars else "") + bound), comment


def structures(header):
    for match in STRUCT.finditer(header):
        doc = words(match["doc"] or "")
        yield {
            "name": match["name"],
            "members": [
                {
                    "name": name, "type": kind, "since": since(comment),
                    "thread": thread(comment), "ownership": ownership(comment, doc, kind),
                }
                for name, kind, comment in members(match["body"])
            ],
        }


def constants(header):
    names = []
    for match in ENUM.finditer(header):
        names += re.findall(r"\b(ROOST_\w+)\s*=", re.sub(COMMENT, "", match["body"]))
    return names + ["ROOST_ABI_MINOR"]


def measure(structs, names):
    """Asks the compiler for what the text does not say."""
    lines = ['#include "roost_plugin.h"', "#include <stdio.h>", "int main(void) {"]
    for struct in structs:
        lines.append(f'printf("%zu\\n", sizeof({struct["name"]}));')
        for member in struct["members"]:
            path = f'{struct["name"]}, {member["name"]}'
            size = f'sizeof((({struct["name"]} *)0)->{member["name"]})'
            lines.append(f'printf("%zu %zu\\n", offsetof({path}), {size});')
    lines += [f'printf("%lld\\n", (long long){name});' for name in names] + ["return 0; }"]
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, "measure.c"), pathlib.Path(folder, "measure")
        source.write_text("\n".join(lines))
        subprocess.run(["cc", "-I", HEADER.parent, "-o", program, source], check=True)
        output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return iter(output.split())


def describe():
    header = HEADER.read_text()
    structs, names = list(structures(header)), constants(header)
    numbers = measure(structs, names)
    for struct in structs:
        struct["size"] = int(next(numbers))
        for member in struct["members"]:
            member["offset"], member["size"] = int(next(numbers)), int(next(numbers))
    entry = ENTRY.search(header)
    return {
        "abi": 1,
        "constants": {name: int(next(numbers)) for name in names},
        "extensions": dict(EXTENSION.findall(header)),
        "entry": {
            "name": entry["name"], "type": entry["type"] + "(" + entry["parameters"] + ")",
            "thread": thread(entry["doc"]),
        },
        "structs": structs,
    }


def as_json(abi):
    """One line a member, so that a difference names it."""
    text = json.dumps(abi, indent=1)
    inner = re.compile(r"\{\s+(\"name\": [^{}]*?)\s+\}", re.S)
    return inner.sub(lambda m: "{" + " ".join(m.group(1).split()) + "}", text) + "\n"


def as_assertions(abi):
    lines = [
        "/* Written by abi.py: the layout of version 1, held by the compiler. */",
        '#include "roost_plugin.h"', "",
        "#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)",
        "#define MEMBER(type, member, offset) \\",
        '    _Static_assert(offsetof(type, member) == (offset), #type "." #member)',
    ]
    for struct in abi["structs"]:
        lines += ["", f'SIZE({struct["name"]}, {struct["size"]});']
        lines += [f'MEMBER({struct["name"]}, {m["name"]}, {m["offset"]});' for m in struct["members"]]
    return "\n".join(lines) + "\n"


def untagged(abi):
    """Functions must carry a thread tag."""
    return [
        f'{s["name"]}.{m["name"]}' for s in abi["structs"] for m in s["members"]
        if "(*)" in m["type"] and not m["thread"]
    ]


def main():
    abi = describe()
    missing = untagged(abi)
    if missing:
        sys.exit(f"roost_plugin.h: no thread tag at {', '.join(missing)}; end its comment with one")
    files = {HERE / "abi.json": as_json(abi), HERE / "abi_v1_layout.c": as_assertions(abi)}
    for path, text in files.items():
        if "--write" in sys.argv:
            path.write_text(text)
        elif (found := path.read_text()) != text:
            sys.stdout.writelines(difflib.unified_diff(
                found.splitlines(True), text.splitlines(True), path.name, "roost_plugin.h"))
            sys.exit(
                f"{path.name} and roost_plugin.h disagree: released members never move or change; "
                "after appending one, run abi.py --write")


main()

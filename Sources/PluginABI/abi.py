#!/usr/bin/env python3
"""Writes what follows from include/roost_plugin.h and its headers, or checks that it is as written.

abi.json describes the contract for other languages and tools: every structure and member with its
type, offset, size, the minor version it came with, its thread tag and who owns what it points to.
abi_v1_layout.c holds the same offsets as compile-time assertions. ABI+Generated.swift, in PluginKit
and in PluginHost, has the constants as Swift types: the two sides share no Swift code, but every name.
It also checks that info.schema.json, which the host holds every model's info_json to, describes each member.

    abi.py          check; exit status 1 and the differences when header and files disagree
    abi.py --write  write the files anew
"""
import difflib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
HEADER = HERE / "include" / "roost_plugin.h"
SCHEMA = HERE / "info.schema.json"
KIT_MIRROR = HERE.parent / "PluginKit" / "ABI+Generated.swift"
HOST_MIRROR = HERE.parent / "PluginHost" / "Model" / "ABI+Generated.swift"

# The Swift types of the constants: their prefixes, the type and what it is stored as, whether the
# constants are bits that combine, and what the type is.
MIRRORED = [
    (["ROOST_E_"], "ErrorCode", "Int32", False, "What is wrong: `roost_err.code`."),
    (["ROOST_ERR_"], "ErrorFlags", "UInt32", True, "What the host does about an error: `roost_err.flags`."),
    (["ROOST_LOG_"], "LogLevel", "Int32", False, "How much a line of the log matters."),
    (["ROOST_MEMORY_"], "MemoryTag", "UInt32", False, "What memory of the host is for: `tag` of `alloc`."),
    (["ROOST_PLUGIN_"], "PluginFlags", "UInt32", True, "What a plugin says of its library: `roost_plugin.flags`."),
    (["ROOST_TOKEN_"], "TokenAttributes", "UInt16", True, "What is special about a token: `roost_vocab.attr`."),
    (["ROOST_VOCAB_"], "VocabularyFlags", "UInt32", True, "`roost_vocab.flags`"),
    (["ROOST_TOKENIZE_"], "TokenizeFlags", "UInt32", True, "Flags of `tokenize`."),
    (["ROOST_SEQ_", "ROOST_LOGITS_"], "DecodeFlags", "UInt32", True, "What a context can do: `roost_decode_caps.flags`."),
    (["ROOST_WANT_"], "Want", "UInt8", False, "What a row of a batch asks for: `roost_batch.want`."),
    (["ROOST_EMBED_"], "EmbedFlags", "UInt32", True, "Flags of `embed`."),
]
# The other constants, with their types.
LIMITS = {
    "ROOST_ABI_MINOR": "UInt32", "ROOST_BEST_SCORE": "Int32", "ROOST_NO_TOKEN": "Int32", "ROOST_IMAGE_CHANNELS": "Int",
}
# Success is no error: where Swift throws, nothing is left to name.
NOT_MIRRORED = ["ROOST_OK"]
# Names that are not the header's in camel case.
SPELLED_OUT = {
    "ARG": "argument", "NOMEM": "outOfMemory", "SEQ_LOST": "sequencesLost", "WARN": "warning",
    "ABI_MINOR": "minor", "SEQIO": "sequenceIO", "SELFTEST": "selfTest",
}
# What a plugin says that it was built with: Swift has no stable ABI on Linux, so that plugin and host
# share a process only if both name the same one.
SWIFT_COMPILERS = ["6.4", "6.3.1", "6.3"]
OLDEST_COMPILER = "6.2"

COMMENT = r"/\*(?:[^*]|\*(?!/))*\*/"
STRUCT = re.compile(rf"(?:(?P<doc>{COMMENT})\n)?typedef struct (?P<name>roost_\w+) \{{\n(?P<body>.*?)\n\}} (?P=name);", re.S)
ENUM = re.compile(r"enum \{(?P<body>.*?)\}", re.S)
INCLUDE = re.compile(r'#include "([^"]+)"')
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
    """The constants with the comments behind them."""
    constant = re.compile(rf"\b(ROOST_\w+)\s*=[^,/]*,?(?:[ \t]*({COMMENT}))?")
    found = {}
    for match in ENUM.finditer(header):
        found |= {name: words(comment) for name, comment in constant.findall(match["body"])}
    return found | {"ROOST_ABI_MINOR": "Minor version of the tables of this side"}


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


def header_text():
    """The umbrella header and those that it names, in its order."""
    umbrella = HEADER.read_text()
    return "\n".join([umbrella, *((HEADER.parent / name).read_text() for name in INCLUDE.findall(umbrella))])


def describe():
    header = header_text()
    structs, names = list(structures(header)), list(constants(header))
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


# ---- the mirror in Swift ----


def swift_name(text):
    """`PARSE_SPECIAL` as `parseSpecial`."""
    first, *rest = text.lower().split("_")
    return SPELLED_OUT.get(text) or first + "".join(word.capitalize() for word in rest)


def prefix_of(name, prefixes):
    """The longest that fits: `ROOST_ERR_` before `ROOST_E_`."""
    return max((prefix for prefix in prefixes if name.startswith(prefix)), key=len, default=None)


def documentation(text, indent):
    """A comment of the header as one of Swift: a sentence, unless it begins with a name."""
    if not text:
        return []
    first = text.split()[0]
    sentence = (text[0].upper() + text[1:] if first.isalpha() else text).rstrip(".") + "."
    return textwrap.wrap(sentence, 96, initial_indent=indent + "/// ", subsequent_indent=indent + "/// ")


def swift_type(kind, members, access, names):
    """An enumeration, or an option set where the constants are bits."""
    _, name, storage, is_set, doc = kind
    if is_set:
        lines = [f"{access} struct {name}: OptionSet, Hashable, Sendable {{", f"    {access} let rawValue: {storage}", "",
                 f"    {access} init(rawValue: {storage}) {{ self.rawValue = rawValue }}", ""]
    else:
        lines = [f"{access} enum {name}: {storage}, Sendable {{"]
    for member, _, value, comment in members:
        lines += documentation(comment, "    ")
        lines.append(f"    {access} static let {member} = {name}(rawValue: {value})" if is_set
                     else f"    case {quoted(member)} = {value}")
    if names:
        lines += ["", "    /// As the header writes it.", f"    {access} var name: String {{", "        switch self {"]
        lines += [f'        case .{member}: "{constant}"' for member, constant, _, _ in members]
        lines += ["        }", "    }"]
    return [f"/// {doc}"] + lines + ["}"]


def quoted(name):
    return f"`{name}`" if name == "internal" else name


def swift_extensions(abi, access):
    lines = ["/// The ids of the extensions that this version knows.",
             f"{access} enum ExtensionID: String, CaseIterable, Sendable {{"]
    lines += [f'    case {swift_name(name.removeprefix("ROOST_EXT_"))} = "{id}"' for name, id in abi["extensions"].items()]
    return lines + ["}"]


def swift_limits(abi, comments, access):
    lines = ["/// What version 1 fixes beside its tables.", f"{access} enum ABI {{"]
    for name, kind in LIMITS.items():
        lines += documentation(comments[name], "    ")
        lines.append(f'    {access} static let {swift_name(name.removeprefix("ROOST_"))}: {kind} = {abi["constants"][name]}')
    lines += ["    /// The symbol that a plugin exports.", f'    {access} static let entry = "{abi["entry"]["name"]}"', "",
              "    /// The compiler of this side.", f"    {access} static var toolchain: String {{"]
    for place, version in enumerate(SWIFT_COMPILERS):
        lines += [f'        #{"elseif" if place else "if"} compiler(>={version})', f'            "swift {version}"']
    return lines + ["        #else", f'            "swift {OLDEST_COMPILER}"', "        #endif", "    }", "}"]


def as_swift(abi, access, names):
    """The mirror of one side.

    names: the types that say what their constants are called in the header."""
    comments = constants(header_text())
    prefixes = {prefix: kind for kind in MIRRORED for prefix in kind[0]}
    members = {kind[1]: [] for kind in MIRRORED}
    for constant, value in abi["constants"].items():
        prefix = prefix_of(constant, prefixes)
        if constant in [*LIMITS, *NOT_MIRRORED]:
            continue
        if not prefix:
            sys.exit(f"abi.py: {constant} has no Swift name; name its prefix in MIRRORED, or itself in LIMITS")
        member = swift_name(constant.removeprefix(prefix))
        members[prefixes[prefix][1]].append((member, constant, value, comments[constant]))
    parts = [["// Written by Sources/PluginABI/abi.py from roost_plugin.h; after a change there: abi.py --write"]]
    parts += [swift_type(kind, members[kind[1]], access, kind[1] in names) for kind in MIRRORED]
    parts += [swift_extensions(abi, access), swift_limits(abi, comments, access)]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def check_schema():
    for key, value in json.loads(SCHEMA.read_text())["properties"].items():
        if not value.get("description"):
            sys.exit(f"info.schema.json: '{key}' has no description")


def main():
    check_schema()
    abi = describe()
    missing = untagged(abi)
    if missing:
        sys.exit(f"roost_plugin.h: no thread tag at {', '.join(missing)}; end its comment with one")
    files = {
        HERE / "abi.json": as_json(abi), HERE / "abi_v1_layout.c": as_assertions(abi),
        KIT_MIRROR: as_swift(abi, "public", names=[]),
        HOST_MIRROR: as_swift(abi, "package", names=["ErrorCode"]),
    }
    differing = []
    for path, text in files.items():
        if "--write" in sys.argv:
            path.write_text(text)
        elif (found := path.read_text() if path.exists() else "") != text:
            differing.append(str(path.relative_to(HERE.parent)))
            sys.stdout.writelines(difflib.unified_diff(
                found.splitlines(True), text.splitlines(True), differing[-1], "roost_plugin.h"))
    if differing:
        sys.exit(
            f"{', '.join(differing)} and roost_plugin.h disagree: released members never move or "
            "change; after appending one, run abi.py --write")


main()

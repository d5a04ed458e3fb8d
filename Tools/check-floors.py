#!/usr/bin/env python3
"""Holds the imports of every Swift file to the floors of docs/architecture.md.

A room imports only rooms below it in its own house, PluginABI, and the outside modules named here.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parent.parent
# The system's own modules, on every platform.
EVERYWHERE = {
    "Glibc", "Musl", "Darwin", "Synchronization", "Dispatch", "FoundationEssentials", "Swift"}

# Folder: the modules that its files may import. The longest matching folder counts.
FLOORS = {
    "Sources/JSON": set(),
    "Sources/PluginHost": {"PluginABI", "CHostShims", "JSON"},
    "Sources/Engine": {"JSON", "PluginHost"},
    "Sources/PNGFiles": {"CPNG", "PluginHost"},
    "Sources/Deflate": {"CZlib"},
    "Sources/SearchCollections": {
        "JSON", "PluginHost", "CVectorIndex", "Deflate", "GRDB", "GRDBSQLite"},
    "Sources/Services": set(),
    "Sources/PluginKit": {"PluginABI"},
    "Plugins": {
        "PluginABI", "PluginKit", "PluginCommon", "TensorRuntime", "Tokenizers", "ModelJSON"},
    "Plugins/PluginCommon": {"PluginKit", "TensorRuntime", "Tokenizers", "ModelJSON"},
    "Runtime/Sources/ModelJSON": set(),
    "Runtime/Sources/TensorRuntime": {"CKernels", "ModelJSON"},
    "Runtime/Sources/Tokenizers": {"CPCRE2", "ModelJSON"},
}
HOST = {
    "Engine", "JSON", "PluginHost", "SearchCollections", "ArgumentParser", "Logging",
    "Foundation", "Services", "ServiceLifecycle", "NIOCore", "NIOPosix", "NIOHTTP1",
}
FLOORS |= {
    "Sources/Host": HOST,
    "Sources/Host/Settings": HOST | {"TOMLKit"},
    "Sources/Host/Storage": HOST | {"GRDB"},
    "Sources/Host/HTTP": HOST | {
        "Deflate", "Hummingbird", "HTTPTypes", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "CPages",
        "PNGFiles",
    },
    "Sources/Host/Main.swift": HOST | {"Hummingbird"},
}
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)", re.M)
FORBIDDEN_CALLS = {re.compile(r"\bdlopen\("): "Sources/PluginHost/Loading"}


def allowed(path):
    folders = [f for f in FLOORS if path == f or path.startswith(f + "/")]
    return FLOORS[max(folders, key=len)] | EVERYWHERE if folders else None


def violations():
    for folder in ("Sources", "Plugins", "Runtime/Sources"):
        for file in sorted((ROOT / folder).rglob("*.swift")):
            path, text = file.relative_to(ROOT).as_posix(), file.read_text()
            modules = allowed(path)
            if modules is None:
                yield f"{path}: a room without a floor; add it to Tools/check-floors.py"
                continue
            for name in IMPORT.findall(text):
                if name not in modules:
                    yield f"{path}: imports {name}, expected only {', '.join(sorted(modules))}"
            for call, home in FORBIDDEN_CALLS.items():
                if call.search(text) and not path.startswith(home):
                    yield f"{path}: calls {call.pattern}, which stays in {home}"


found = list(violations())
print("\n".join(found), file=sys.stderr, end="\n" if found else "")
sys.exit(bool(found))

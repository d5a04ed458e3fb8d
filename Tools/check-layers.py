#!/usr/bin/env python3
"""Checks the imports of every Swift file against the layers of docs/architecture.md.

A module imports only modules in layers below it on its own side, PluginABI, and the outside modules listed here.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parent.parent
# System modules, allowed everywhere.
SYSTEM = {
    "Glibc", "Musl", "Darwin", "Synchronization", "Dispatch", "FoundationEssentials", "Swift"}

# Folder: the modules that its files may import. The longest matching folder decides.
LAYERS = {
    "Sources/JSON": set(),
    "Sources/PluginHost": {"PluginABI", "CHostShims", "JSON"},
    "Sources/Grammar": {"JSON"},
    "Sources/Engine": {"Grammar", "JSON", "PluginHost"},
    "Sources/PNGFiles": {"CPNG", "PluginHost"},
    "Sources/Deflate": {"CZlib"},
    "Sources/SearchCollections": {
        "JSON", "PluginHost", "CVectorIndex", "Deflate", "GRDB", "GRDBSQLite"},
    "Sources/Services": {"Engine", "Grammar", "JSON", "PluginHost"},
    "Sources/PluginKit": {"PluginABI"},
    "Plugins": {
        "PluginABI", "PluginKit", "PluginCommon", "TensorRuntime", "Tokenizers", "ModelJSON"},
    "Plugins/PluginCommon": {"PluginKit", "TensorRuntime", "Tokenizers", "ModelJSON"},
    "Runtime/Sources/ModelJSON": set(),
    "Runtime/Sources/TensorRuntime": {"CKernels", "ModelJSON"},
    "Runtime/Sources/Tokenizers": {"CPCRE2", "ModelJSON"},
}
HOST = {
    "Engine", "Grammar", "JSON", "PluginHost", "SearchCollections", "ArgumentParser", "Logging",
    "Foundation", "Services", "ServiceLifecycle", "NIOCore", "NIOPosix", "NIOHTTP1",
}
LAYERS |= {
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
    folders = [f for f in LAYERS if path == f or path.startswith(f + "/")]
    return LAYERS[max(folders, key=len)] | SYSTEM if folders else None


def violations():
    for folder in ("Sources", "Plugins", "Runtime/Sources"):
        for file in sorted((ROOT / folder).rglob("*.swift")):
            path, text = file.relative_to(ROOT).as_posix(), file.read_text()
            modules = allowed(path)
            if modules is None:
                yield f"{path}: is in no layer; add its folder to Tools/check-layers.py"
                continue
            for name in IMPORT.findall(text):
                if name not in modules:
                    yield f"{path}: imports {name}, expected only {', '.join(sorted(modules))}"
            for call, home in FORBIDDEN_CALLS.items():
                if call.search(text) and not path.startswith(home):
                    yield f"{path}: calls {call.pattern}, allowed only in {home}"


found = list(violations())
print("\n".join(found), file=sys.stderr, end="\n" if found else "")
sys.exit(bool(found))

#!/usr/bin/env python3
"""Measures how long grammars take, beside llguidance and xgrammar where these are installed.

    pip install tokenizers llguidance xgrammar
    Benchmarks/grammar_speed.py tokenizer.json

For every schema: the time to compile it, and the time to compute the mask before each token of an instance. All get
the same schemas and the same vocabulary, that of a byte-level BPE tokenizer; each runs in one thread.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).parent.parent
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "email": {"type": "string", "format": "email"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        "role": {"enum": ["admin", "editor", "reader"]}},
    "required": ["name", "age", "email", "tags", "role"], "additionalProperties": False}
TREE = {
    "$defs": {"node": {
        "type": "object",
        "properties": {
            "value": {"type": "number"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
        "required": ["value", "children"], "additionalProperties": False}},
    "$ref": "#/$defs/node"}
EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z]{2}-[0-9]{4,8}$"}, "day": {"type": "string", "format": "date"},
        "note": {"type": "string", "maxLength": 200},
        "kind": {"anyOf": [{"const": "a"}, {"type": "object", "properties": {"x": {"type": "integer"}},
                                            "required": ["x"], "additionalProperties": False}]}},
    "required": ["id", "day", "note", "kind"], "additionalProperties": False}
CASES = {
    "person": (PERSON, [{"name": "Ada Lovelace", "age": 36, "email": "ada@example.org",
                         "tags": ["first", "of all", "programmers"], "role": "admin"}]),
    "tree": (TREE, [{"value": 1.5, "children": [{"value": -2, "children": []},
                                                {"value": 3e2, "children": [{"value": 0, "children": []}]}]}]),
    "event": (EVENT, [{"id": "ab-20261", "day": "2026-12-01",
                       "note": "The weather was fine; nobody said \"no\" to a walk along the river.", "kind": {"x": 12}}]),
    "any object": ({"type": "object"}, [{"a": [1, True, {"b": None, "text": "words and words, and more of them"}]}]),
}


def report(name, compile_us, masks):
    masks = sorted(masks)
    print(f"{name:32} compile {compile_us / 1000:8.2f} ms   masks {len(masks):4}: median "
          f"{statistics.median(masks):8.1f} us   p99 {masks[int(len(masks) * 0.99)]:8.1f} us   "
          f"largest {masks[-1]:8.1f} us")


def pieces(tokenizer):
    """The bytes of every token; a byte-level BPE writes each byte as a printable character."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    byte = {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}
    vocabulary = {i: text for text, i in tokenizer.get_vocab().items()}
    return [bytes(byte[c] for c in vocabulary[i]) if all(c in byte for c in vocabulary[i]) else b""
            for i in range(len(vocabulary))]


def roost(program, tokens, rounds):
    with tempfile.NamedTemporaryFile("w", suffix=".hex") as file:
        file.write("".join(token.hex() + "\n" for token in tokens))
        file.flush()
        for name, (schema, instances) in CASES.items():
            line = json.dumps({"schema": schema, "instances": [json.dumps(i) for i in instances]})
            output = subprocess.run([program, "speed", file.name], input=(line + "\n") * rounds,
                                    capture_output=True, text=True, check=True).stdout
            answers = [json.loads(x) for x in output.strip().split("\n")]
            for kind, some in (("first", answers[:1]), ("all", answers)):
                report(f"roost, {name}, {kind}", statistics.median(a["compile"] for a in some),
                       [m for a in some for m in a["masks"]])


def llguidance(tokenizer, rounds):
    try:
        import llguidance as ll
        import llguidance.numpy
    except ImportError:
        print("llguidance: not installed")
        return
    wrapped = ll.LLTokenizer(tokenizer.to_str())
    mask = llguidance.numpy.allocate_token_bitmask(1, wrapped.vocab_size)
    for name, (schema, instances) in CASES.items():
        compiles, masks = [], []
        for _ in range(rounds):
            start = time.perf_counter()
            grammar = ll.LLMatcher.grammar_from_json_schema(json.dumps(schema))
            matcher = ll.LLMatcher(wrapped, grammar)
            compiles.append((time.perf_counter() - start) * 1e6)
            for token in tokenizer.encode(json.dumps(instances[0])).ids:
                start = time.perf_counter()
                llguidance.numpy.fill_next_token_bitmask(matcher, mask)
                masks.append((time.perf_counter() - start) * 1e6)
                matcher.consume_token(token)
        report(f"llguidance, {name}", statistics.median(compiles), masks)


def xgrammar(tokens, tokenizer, rounds):
    try:
        import xgrammar as xgr
    except ImportError:
        print("xgrammar: not installed")
        return
    info = xgr.TokenizerInfo(tokens, xgr.VocabType.RAW, vocab_size=len(tokens), stop_token_ids=[0])
    for name, (schema, instances) in CASES.items():
        compiles, masks = [], []
        for _ in range(rounds):
            compiler = xgr.GrammarCompiler(info, max_threads=1, cache_enabled=False)
            start = time.perf_counter()
            matcher = xgr.GrammarMatcher(compiler.compile_json_schema(json.dumps(schema)))
            compiles.append((time.perf_counter() - start) * 1e6)
            bitmask = xgr.allocate_token_bitmask(1, len(tokens))
            for token in tokenizer.encode(json.dumps(instances[0])).ids:
                start = time.perf_counter()
                matcher.fill_next_token_bitmask(bitmask)
                masks.append((time.perf_counter() - start) * 1e6)
                if not matcher.accept_token(token):
                    break
        report(f"xgrammar, {name}", statistics.median(compiles), masks)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokenizer", help="tokenizer.json of a byte-level BPE")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--program", default=ROOT / ".build/release/GrammarBench")
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(options.tokenizer)
    tokens = pieces(tokenizer)
    print(f"{len(tokens)} tokens")
    roost(options.program, tokens, options.rounds)
    llguidance(tokenizer, options.rounds)
    xgrammar(tokens, tokenizer, options.rounds)


main()

#!/usr/bin/env python3
"""Mutates inputs of every format that comes from outside, under AddressSanitizer.

    Tools/fuzz.py [--seconds N] [TARGET ...]

Builds Tests/Fuzz into .build-fuzz and runs libFuzzer on each target for so many seconds; what it learns is kept in
.build-fuzz/corpus and is where the next run begins. An input that traps, hangs or takes too much memory ends the run
with status 1 and lies in .build-fuzz/found.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build-fuzz"
FIXTURES = ROOT / "Tests" / "Fixtures"
LARGEST = 64 << 10
LIMITS = ["-timeout=20", "-rss_limit_mb=2048", f"-max_len={LARGEST}"]


def files(*patterns):
    """What a seed is made from: fixtures that are small enough to be mutated often."""
    found = (file.read_bytes() for pattern in patterns for file in sorted(ROOT.glob(pattern)))
    return [content for content in found if len(content) <= LARGEST]


def image():
    """A PNG of 8x8 pixels, in RGB."""
    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    rows = b"".join(b"\0" + bytes(v for x in range(8) for v in (x * 31, y * 31, x * y)) for y in range(8))
    header = (8).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def seeds():
    tables = [b"id,title\n1,bread\n2,\"green \"\"tea\"\"\"\n", b'{"id": 1, "title": "bread"}\n', b'[{"id": 1}]', b"one\ntwo\n"]
    return {
        "gguf": [(FIXTURES / "gguf-quants/quantized.gguf").read_bytes()[:LARGEST]]
        + files("Tests/Fixtures/gguf-quants/malformed/*.gguf"),
        "safetensors": files("Tests/Fixtures/**/*.safetensors")[:20],
        "tokenizer": files("Tests/Fixtures/tokenizers/*/tokenizer.json", "Tests/Fixtures/*/*/tokenizer.json"),
        "template": files("Tests/Fixtures/chat-templates/*.jinja"),
        "json": files("Tests/Fixtures/**/*config.json", "Tests/Fixtures/**/modules.json"),
        "csv": [bytes([choice]) + table for choice in range(16) for table in tables],
        "frame": [bytes([choice]) + bytes(64) for choice in range(64)],
        "elf": files("Examples/*.so") + [(ROOT / ".build/release/libMarkov.so").read_bytes()[:LARGEST]],
        "png": [image()],
    }


def build():
    flags = ["-Xswiftc", "-sanitize=fuzzer,address", "-Xcc", "-fsanitize=address,fuzzer-no-link"]
    subprocess.run(
        ["swift", "build", "-c", "release", "--scratch-path", BUILD, "--product", "Fuzz", *flags],
        cwd=ROOT, env=os.environ | {"ROOST_FUZZ": "1"}, check=True)


def run(target, inputs, seconds):
    """Returns whether nothing was found, and libFuzzer's closing numbers."""
    corpus, found = BUILD / "corpus" / target, BUILD / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    for index, content in enumerate(inputs):
        (corpus / f"seed-{index}").write_bytes(content)
    # A crash is to be noticed at once, and not to be taken apart by Swift's own handler.
    environment = os.environ | {
        "ROOST_FUZZ_TARGET": target, "SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(
        [BUILD / "release" / "Fuzz", corpus, f"-max_total_time={seconds}", f"-artifact_prefix={found}/{target}-",
         "-print_final_stats=1", *LIMITS],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    (BUILD / f"{target}.log").write_text(done.stdout)
    stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stdout))
    coverage = re.findall(r"cov: (\d+)", done.stdout)
    return done.returncode == 0, stats, coverage[-1] if coverage else "0"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("targets", nargs="*")
    arguments.add_argument("--seconds", type=int, default=60)
    options = arguments.parse_args()
    build()
    known = seeds()
    for name in set(options.targets) - set(known):
        arguments.error(f"no target is named '{name}', expected some of {', '.join(known)}")
    failed = []
    print(f"{'target':12} {'inputs':>10} {'edges':>7} {'peak MB':>8}")
    for target in options.targets or known:
        sound, stats, coverage = run(target, known[target], options.seconds)
        inputs, peak = stats.get("number_of_executed_units", "?"), stats.get("peak_rss_mb", "?")
        print(f"{target:12} {inputs:>10} {coverage:>7} {peak:>8}{'' if sound else '  FOUND'}", flush=True)
        if not sound:
            failed.append(target)
    for target in failed:
        print(f"\n{target}: the end of .build-fuzz/{target}.log")
        print("\n".join((BUILD / f"{target}.log").read_text().splitlines()[-40:]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

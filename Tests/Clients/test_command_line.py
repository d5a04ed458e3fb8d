"""`roost` as its user types it: what it writes, and its exit status."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from conftest import BERT, BIN, ROOT, Host, markov, minilm, needs_minilm

NOBODY = 65534
CHAT = ["chat", "--model", "markov", "--temperature", "0", "--max-tokens", "20"]


def roost(*arguments, stdin="", host=None, cwd=None, env=None):
    """In the folder of the host's settings, where its user would type it; `env` is added to the environment."""
    url = ["--url", host.url] if host else []
    return subprocess.run(
        [BIN / "roost", *arguments, *url], input=stdin, capture_output=True, text=True, timeout=120,
        cwd=cwd or (host.folder if host else None), env={**os.environ, **(env or {})})


@pytest.mark.parametrize("arguments", [["--nope"], ["serve", "--listen", "nowhere"], ["models", "drop"],
                                       ["models", "show"], ["serve", "--listen", "0.0.0.0:0"]])
def test_a_wrong_question_is_status_2(arguments, tmp_path):
    asked = subprocess.run(
        [BIN / "roost", *arguments], capture_output=True, text=True, timeout=120,
        cwd=BIN.parent.parent if arguments[0] == "serve" else tmp_path)
    assert asked.returncode == 2, asked
    assert asked.stderr and not asked.stdout


def test_help_and_version_are_answers():
    assert "serve" in roost("--help").stdout
    assert roost("--version").stdout.startswith("roost ")
    assert roost("--help").returncode == roost("--version").returncode == 0


def test_config_check_names_file_and_line(tmp_path):
    config = tmp_path / "plugins.toml"
    config.write_text('[server]\nlisten = 5\n')
    checked = roost("config", "check", "--config", config)
    assert checked.returncode == 1
    assert f"{config}:2: server.listen: found integer 5" in checked.stderr
    report = json.loads(roost("config", "check", "--json", "--config", config).stdout)
    assert report["ok"] is False and report["problems"][0]["line"] == 2


def test_models_are_listed_for_people_and_for_programs(host):
    assert "markov" in roost("models", host=host).stdout
    listed = json.loads(roost("models", "list", "--json", host=host).stdout)
    assert "markov" in [model["name"] for model in listed["data"]]
    assert "state: ready" in roost("models", "show", "markov", host=host).stdout
    assert "libMarkov.so" in roost("plugins", host=host).stdout


def test_a_model_is_reloaded_unless_another_generation_serves(make_host):
    host = make_host(markov())
    assert "generation 2" in roost("models", "reload", "markov", host=host).stdout
    stale = roost("models", "reload", "markov", "--expecting", "1", host=host)
    assert stale.returncode == 1 and "expected 1" in stale.stderr


def test_the_admin_key_is_read_out_of_the_data_folder_and_nowhere_else(make_host, tmp_path):
    host = make_host(markov())
    key = host.folder / "data" / "admin.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    elsewhere = dict(host=host, cwd=tmp_path)
    config = ["--config", str(host.folder / "plugins.toml")]
    assert "markov" in roost("models", host=host).stdout
    assert "markov" in roost("models", *config, **elsewhere).stdout
    assert "markov" in roost("models", "--key", host.admin_key, **elsewhere).stdout
    stranger = roost("models", "--key", "wrong", **elsewhere)
    assert stranger.returncode == 1 and "not known" in stranger.stderr
    kept = host.admin_key
    host.stop()
    again = Host(host.folder, markov())
    try:
        assert again.admin_key == kept
    finally:
        again.stop()


def test_a_key_that_others_could_read_is_replaced(make_host):
    host = make_host(markov())
    old = host.admin_key
    host.stop()
    (host.folder / "data" / "admin.key").chmod(0o644)
    again = Host(host.folder, markov())
    try:
        assert again.admin_key != old
        assert stat.S_IMODE((host.folder / "data" / "admin.key").stat().st_mode) == 0o600
    finally:
        again.stop()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
def test_others_cannot_read_the_key_and_the_hosts_own_user_not_its_environment():
    # Where everybody may look.
    folder = pathlib.Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    os.chown(folder, NOBODY, NOBODY)
    # Root's own files may be read by root alone: the host runs as somebody without rights.
    host = Host(folder, markov(), preexec=lambda: (os.setgid(NOBODY), os.setuid(NOBODY)))
    try:
        def read(path, user):
            return subprocess.run(["cat", path], capture_output=True, user=user, group=user, timeout=60).returncode
        assert read(f"/proc/{host.process.pid}/environ", NOBODY) != 0
        assert read(f"/proc/{host.process.pid}/maps", NOBODY) != 0
        worker = host.json("/admin/models/markov")["pid"]
        assert read(f"/proc/{worker}/environ", NOBODY) == 0
        key = folder / "data" / "admin.key"
        assert read(key, NOBODY) == 0 and read(key, NOBODY - 1) != 0
    finally:
        host.stop()
        shutil.rmtree(folder)


def test_open_hands_the_key_to_whoever_has_the_address_first(host):
    opened = roost("open", "--print", host=host)
    address, token = opened.stdout.strip().split("#token=")
    assert address == host.url + "/" and host.admin_key not in opened.stdout
    asked = lambda: urllib.request.urlopen(urllib.request.Request(
        host.url + "/admin/tokens/redeem", json.dumps({"token": token}).encode()), timeout=60)
    assert json.load(asked())["key"] == host.admin_key
    with pytest.raises(urllib.error.HTTPError) as again:
        asked()
    assert again.value.code == 403


def test_plugins_and_models_are_added_and_removed(make_host, tally):
    host = make_host(markov())
    shutil.copy(tally, host.folder / "libTally.so")
    shutil.copy(tally, host.folder / "libBeside.so")
    (host.folder / "notes.txt").write_text("Some words to continue with.")
    added = roost("plugins", "add", "tally", "./libTally.so", host=host)
    assert added.returncode == 0 and str(host.folder / "libTally.so") in added.stdout, added
    assert roost("plugins", "add", "beside", "libBeside.so", host=host).returncode == 0
    model = roost("models", "add", "second", "--plugin", "markov", "--source", "notes.txt",
                  "--step-timeout", "3s", "--load-timeout", "30s", "--sampling", '{"temperature": 0}', host=host)
    assert model.returncode == 0 and "second is ready" in model.stdout, model
    assert host.json("/v1/models/second")["meta"]["sampling"] == {"temperature": 0}
    in_use = roost("plugins", "remove", "markov", host=host)
    assert in_use.returncode == 1 and "second" in in_use.stderr
    assert roost("models", "remove", "second", host=host).returncode == 0
    assert "second" not in roost("models", host=host).stdout
    assert roost("plugins", "remove", "tally", host=host).returncode == 0
    assert "libTally" not in roost("plugins", host=host).stdout


def test_a_rescan_finds_what_came_into_the_folder(make_host, tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    host = make_host(markov(), server=f'models = "{models}"')
    nothing = roost("models", "rescan", host=host)
    assert (nothing.returncode, nothing.stdout) == (0, "nothing has changed\n"), nothing
    (models / "new.gguf").write_bytes(b"GGUF")
    assert roost("models", "rescan", host=host).stdout == "new is there now\n"


def test_what_lies_elsewhere_or_is_no_plugin_is_refused(make_host, tally, tmp_path):
    host = make_host(markov())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(tally, elsewhere / "libTally.so")
    (host.folder / "libLink.so").symlink_to(elsewhere / "libTally.so")
    (host.folder / "libText.so").write_text("no library")
    for library, word in [(elsewhere / "libTally.so", "plugin_path"), ("./libLink.so", "plugin_path"),
                          ("./libText.so", "ELF"), ("/nowhere/libX.so", "libX.so"), ("libNone.so", "libNone.so")]:
        refused = roost("plugins", "add", "x", str(library), host=host)
        assert refused.returncode == 1 and word in refused.stderr, refused
    for source in ("/etc/passwd", str(elsewhere)):
        refused = roost("models", "add", "x", "--plugin", "markov", "--source", source, host=host)
        assert refused.returncode == 1 and "no folder that the settings name" in refused.stderr, refused
    assert [model["name"] for model in host.json("/admin/models")["data"]] == ["markov"]


def test_a_chat_in_a_pipe_is_its_answer_alone(host):
    piped = roost(*CHAT, stdin="Hello there", host=host)
    assert piped.returncode == 0 and piped.stdout.strip() and not piped.stderr
    assert roost(*CHAT, "Hello there", host=host).stdout == piped.stdout


@needs_minilm
def test_texts_become_vectors_and_are_compared(make_host, tmp_path):
    host = make_host(minilm(), plugins=BERT)
    lines = roost("embed", "one text", "another", host=host).stdout.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["one text", "another"]
    assert len(json.loads(lines[0])["embedding"]) == 384
    (tmp_path / "texts.txt").write_text("one text\nanother\n")
    assert roost("embed", "--file", tmp_path / "texts.txt", host=host).stdout.splitlines() == lines
    assert roost("embed", host=host, stdin="one text\nanother\n").stdout.splitlines() == lines
    compared = roost("embed", "--compare", "a small dog", "a puppy", "tax law", host=host).stdout.splitlines()
    scores = [float(line.split()[0]) for line in compared]
    assert scores[0] > 0.4 > scores[1] and compared[0].endswith("a puppy")
    assert "embeddings" in roost("models", host=host).stdout


def test_nothing_to_embed_is_status_2(host, tmp_path):
    for arguments in (["embed"], ["embed", "--compare", "alone"], ["embed", "--file", tmp_path / "none"]):
        assert roost(*arguments, host=host).returncode == 2
    assert "embeddings" in roost("embed", "a text", host=host).stderr


def test_a_text_is_summarized_from_a_pipe_and_from_a_file(make_host, tmp_path):
    host = make_host(f'[[models]]\nname = "summary"\nplugin = "summarizer"\nsource = "{ROOT}/Models/summary"\n',
                     '[plugins.summarizer]\nlibrary = "libSummarizer.so"\n')
    golden = json.loads((ROOT / "Models" / "summary" / "golden.json").read_text())["inputs"][1]
    piped = roost("summarize", stdin=golden["text"], host=host)
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, golden["greedy_text"] + "\n", "")
    file = tmp_path / "talk.txt"
    file.write_text(golden["text"])
    answer = json.loads(roost("summarize", str(file), "--json", host=host).stdout)
    assert answer["summary"] == golden["greedy_text"] and answer["parts"] == 1
    for wrong in [roost("summarize", "/nowhere.txt", host=host), roost("summarize", stdin=" \n", host=host)]:
        assert wrong.returncode == 2 and wrong.stderr and not wrong.stdout
    refused = roost("summarize", "--model", "nobody", stdin="A text.", host=host)
    assert refused.returncode == 1 and "no model 'nobody'" in refused.stderr


def test_a_host_that_is_not_there_is_status_1_and_says_what_to_do():
    asked = roost("models", "--url", "http://127.0.0.1:1")
    assert asked.returncode == 1 and "roost serve" in asked.stderr


def test_an_address_that_is_taken_is_status_1(host):
    address = urllib.parse.urlparse(host.url).netloc
    second = roost("serve", "--config", host.folder / "plugins.toml", "--listen", address)
    assert second.returncode == 1 and address in second.stderr


def endless(host):
    """A stream that its client does not read."""
    connection = http.client.HTTPConnection(urllib.parse.urlparse(host.url).netloc, timeout=120)
    connection.request("POST", "/v1/completions", json.dumps(
        {"model": "markov", "prompt": "\n", "max_tokens": 60000, "n": 8, "stream": True,
         "logit_bias": {"256": -100}}))
    return connection, connection.getresponse()


def test_a_signal_lets_streams_go_on_until_the_drain_timeout_and_then_says_so(make_host):
    host = make_host(markov(context=65536).replace("context = 4096\n", ""), server='drain_timeout = "1s"')
    streams = [endless(host) for _ in range(4)]
    began = time.monotonic()
    host.process.send_signal(signal.SIGTERM)
    host.wait_for(lambda: b"stopping" in readiness(host), "stopping")
    ends = [response.read().strip().split(b"\n\n")[-1] for _, response in streams]
    assert host.process.wait(10) == 0
    assert time.monotonic() - began < 6
    assert any(b"shutting_down" in end for end in ends), ends


def readiness(host):
    connection = http.client.HTTPConnection(urllib.parse.urlparse(host.url).netloc, timeout=60)
    connection.request("GET", "/readyz")
    return connection.getresponse().read()


def test_bench_measures_reading_and_writing(host):
    told = roost("bench", "markov", "--prompt", "40", "--write", "6", "--streams", "1,3", "--rounds", "2",
                 "--depth", "5", "--json", cwd=host.folder)
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert (report["model"], report["plugin"], report["family"]) == ("markov", "markov", "markov")
    assert report["memory_bytes_per_second"] > 1e8 and report["load_seconds"] > 0
    measures = [(r["test"], r["tokens"], r["streams"], r["depth"]) for r in report["results"]]
    assert measures == [("read", 40, 1, 0), ("write", 6, 1, 5), ("write", 6, 3, 5)]
    assert all(r["tokens_per_second"] > 0 and r["deviation"] >= 0 for r in report["results"])
    assert report["results"][0]["first_token_seconds"] > 0
    table = roost("bench", "markov", "--prompt", "40", "--write", "6", "--rounds", "1", "--streams", "2",
                  cwd=host.folder).stdout
    assert "TOKENS/S" in table and "first token after" in table, table


@pytest.mark.parametrize("arguments, status, words", [
    (["nowhere"], 2, "'nowhere' is neither a model"), (["markov", "--streams", "1,x"], 2, "numbers such as 1,4,8"),
    (["markov", "--prompt", "0"], 2, "--prompt is 0"), (["plugins.toml"], 1, "no plugin serves"),
])
def test_bench_says_what_it_cannot_measure(host, arguments, status, words):
    told = roost("bench", *arguments, cwd=host.folder)
    assert told.returncode == status and words in told.stderr and not told.stdout, told


@pytest.mark.parametrize("step, deed, words", [
    ("open", "refuse", "refused as told"), ("forward", "hang", "hung in forward")])
def test_bench_ends_a_model_that_fails_and_leaves_nothing(tally, tmp_path, step, deed, words):
    (tmp_path / "tally.bin").write_text("tally")
    (tmp_path / "plugins.toml").write_text(
        f'[plugins.tally]\nlibrary = "{tally}"\n[[models]]\nname = "tally"\nplugin = "tally"\n'
        f'source = "tally.bin"\nstep_timeout = "200ms"\n[models.settings]\nat = "{step}"\ndo = "{deed}"\n')
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    told = roost("bench", "tally", "--rounds", "1", cwd=tmp_path, env={"TMPDIR": str(scratch)})
    assert told.returncode == 1 and words in told.stderr, told
    assert not list(scratch.iterdir())

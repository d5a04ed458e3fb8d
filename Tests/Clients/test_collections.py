"""Collections as their users meet them: over HTTP, on the command line, and over a host that is killed."""
import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from conftest import BERT, BIN, FIXTURES, MINILM, ROOT, markov, needs_minilm

TOPICS = ROOT / "Models" / "topics.csv"
TINY = FIXTURES / "encoder-mean"


def encoder(source=MINILM):
    return f'[[models]]\nname = "minilm"\nplugin = "bert"\nsource = "{source}"\ndefault_for = ["embeddings"]\n'


def collection(name, source, **more):
    lines = ["[[collections]]", f'name = "{name}"', f'source = "{source}"']
    return "\n".join(lines + [f"{key} = {json.dumps(value)}" for key, value in more.items()]) + "\n"


def call(host, method, path, body=None, type="application/json"):
    data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    headers = {"content-type": type} if data is not None else {}
    if path.startswith("/admin/"):
        headers |= host.admin
    request = urllib.request.Request(host.url + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())


def query(host, name, text, **more):
    return call(host, "POST", f"/v1/collections/{name}/query", {"query": text, **more})


def roost(*arguments, host):
    return subprocess.run(
        [BIN / "roost", *arguments, "--url", host.url], capture_output=True, text=True, timeout=60)


def answers(host, name):
    """Whether a collection can be searched by meaning now."""
    try:
        return bool(query(host, name, "bread")["data"])
    except urllib.error.HTTPError:
        return False


def rows(count):
    lines = (f'{n},"row {n} about {word}",{n % 7}' for n, word in
             ((n, ["bread", "volcanoes", "bees", "tides"][n % 4]) for n in range(count)))
    return ("id,title,group\n" + "\n".join(lines) + "\n").encode()


def test_a_file_of_the_settings_is_searched_by_words_without_a_model(make_host):
    host = make_host(markov() + collection("topics", TOPICS, text=["title", "description"], id="id"))
    host.wait_for(lambda: len(call(host, "GET", "/v1/collections")["data"]) == 1, "loaded")
    found = query(host, "topics", "sourdough", mode="text", top_k=3)
    assert found["data"][0]["row"]["title"] == "Sourdough baking"
    host.wait_for(lambda: call(host, "GET", "/v1/collections/topics")["state"] == "failed", "without a model")
    described = call(host, "GET", "/v1/collections/topics")
    assert described["count"] == 100 and "embed" in described["error"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        query(host, "topics", "bread")
    assert refused.value.code == 409
    assert "mode \"text\"" in json.loads(refused.value.read())["error"]["message"]


def test_a_changed_file_is_loaded_at_the_next_start(make_host, tmp_path):
    file = tmp_path / "plants.csv"
    file.write_text("id,title\n1,fern\n2,moss\n")
    host = make_host(markov() + collection("plants", file))
    host.wait_for(lambda: call(host, "GET", "/v1/collections/plants")["count"] == 2, "loaded")
    created = call(host, "GET", "/v1/collections/plants")["created"]
    call(host, "PUT", "/v1/collections/plants/documents/3", {"title": "kelp"})
    host.restart(signal.SIGTERM)
    host.wait_for(lambda: call(host, "GET", "/v1/collections/plants")["count"] == 3, "kept as it was")
    assert call(host, "GET", "/v1/collections/plants")["created"] == created
    file.write_text("id,title\n1,oak\n")
    host.restart(signal.SIGTERM)
    host.wait_for(lambda: call(host, "GET", "/v1/collections/plants")["count"] == 1, "loaded again")
    assert query(host, "plants", "oak", mode="text")["data"][0]["id"] == "1"


def test_what_was_acknowledged_survives_a_kill(make_host):
    host = make_host(markov())
    for round in range(3):
        put = call(host, "PUT", "/v1/collections/many", rows(3000 + round), "text/csv")
        assert put["count"] == 3000 + round
        call(host, "POST", "/v1/collections/many/documents", b'{"id": "x", "title": "added in the end"}\n',
             "application/jsonl")
        host.restart()
        assert call(host, "GET", "/v1/collections/many")["count"] == 3001 + round
        assert query(host, "many", "added in the end", mode="text")["data"][0]["id"] == "x"
        assert query(host, "many", f"row {2999 + round}", mode="text", top_k=1)["data"][0]["id"] == str(2999 + round)


def test_an_import_that_was_cut_off_leaves_the_old_collection(make_host):
    host = make_host(markov())
    call(host, "PUT", "/v1/collections/kept", b"id,title\n1,fern\n", "text/csv")
    address = urllib.parse.urlparse(host.url)
    with socket.create_connection((address.hostname, address.port)) as client:
        body = rows(20_000)
        head = (f"PUT /v1/collections/kept HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\n"
                f"content-length: {len(body)}\r\n\r\n")
        client.sendall(head.encode() + body[: len(body) // 2])
    assert call(host, "GET", "/v1/collections/kept")["count"] == 1
    assert query(host, "kept", "fern", mode="text")["data"][0]["id"] == "1"


def test_hostile_tables_get_an_answer_and_leave_the_host_well(make_host):
    host = make_host(markov())
    huge = b"x" * (40 << 20)
    tables = {
        "nul": (b"id,title\n1,a\x00b\n2,c\n", 2, 0),
        "field": (b"id,title\n1,ok\n2," + huge + b"\n3,fine\n", 2, 1),
        "quoted": (b'id,title\n1,ok\n2,"' + huge + b'"\n3,fine\n', 2, 1),
        "quote": (b'id,title\n1,"never closed\n2,x\n3,y\n', 2, 1),
        "binary": (b"id,title\n" + os.urandom(100_000) + b"\n", None, None),
    }
    for name, (body, count, refused) in tables.items():
        try:
            put = call(host, "PUT", f"/v1/collections/{name}", body, "text/csv")
            if count is not None:
                assert (put["count"], put["rows_refused_total"]) == (count, refused), name
        except urllib.error.HTTPError as error:
            assert count is None and error.code in (400, 415), (name, error.read())
    with pytest.raises(urllib.error.HTTPError) as wide:
        call(host, "PUT", "/v1/collections/wide", b",".join(b"c%d" % n for n in range(100_000)) + b"\n1\n", "text/csv")
    assert wide.value.code == 400 and "100000 columns" in json.loads(wide.value.read())["error"]["message"]
    assert host.process.poll() is None


class Upload(threading.Thread):
    """A body on its way into a collection; `refusal` is the host's answer."""
    def __init__(self, host, name, body):
        super().__init__(daemon=True)
        self.arguments = host, "PUT", f"/v1/collections/{name}", body, "text/plain"
        self.refusal = None
        self.start()

    def run(self):
        try:
            call(*self.arguments)
        except urllib.error.HTTPError as error:
            self.refusal = json.loads(error.read())["error"]["message"]


def test_small_bodies_that_unpack_to_much_hold_up_nobody(make_host):
    """An upload for each thread of Swift's pool, of rows too long to be taken, so that none waits for the disk."""
    host = make_host(markov())
    row = gzip.compress(b"x" * (9 << 20) + b"\n")
    start = time.monotonic()
    uploads = [Upload(host, f"long{n}", row * 100) for n in range(os.cpu_count())]
    slowest = 0
    while any(upload.is_alive() for upload in uploads):
        asked = time.monotonic()
        assert host.get("/healthz").status == 200
        slowest = max(slowest, time.monotonic() - asked)
    took = time.monotonic() - start
    assert slowest < took / 4, (slowest, took)
    assert all("none of the 100 rows can be read" in upload.refusal for upload in uploads)


def test_rows_are_searched_by_words_while_a_model_is_still_being_loaded(make_host, tmp_path):
    """The model's text is a pipe, so that it is still loading until somebody opens the other end."""
    pipe = tmp_path / "slow.txt"
    os.mkfifo(pipe)
    table = tmp_path / "plants.csv"
    table.write_text("id,title\n1,fern\n2,moss\n")
    host = make_host(markov(source=pipe) + collection("plants", table), waits=False)
    host.wait_for(lambda: query(host, "plants", "fern", mode="text")["data"][0]["id"] == "1", "searched")
    with pytest.raises(urllib.error.HTTPError) as starting:
        host.get("/readyz")
    assert starting.value.code == 503
    # Whether anything embeds is not known before all models are up: nobody is told that nothing does.
    assert call(host, "GET", "/v1/collections/plants")["state"] == "embedding"
    # A pipe has no size and is refused: what is written into it may find nobody left who reads.
    pipe.open("w").close()
    host.wait_for(lambda: host.get("/readyz").status == 200, "ready")
    host.wait_for(lambda: call(host, "GET", "/v1/collections/plants")["state"] == "failed", "without a model")


def test_an_embedding_that_was_killed_goes_on(make_host):
    host = make_host(encoder(TINY), BERT)
    put = call(host, "PUT", "/v1/collections/many", rows(20_000), "text/csv")
    assert put["count"] == 20_000
    seen = 0
    for _ in range(3):
        host.wait_for(lambda: call(host, "GET", "/v1/collections/many")["embedded"] > seen
                      or call(host, "GET", "/v1/collections/many")["state"] == "ready", "embedding", 60)
        seen = call(host, "GET", "/v1/collections/many")["embedded"]
        host.restart()
        assert call(host, "GET", "/v1/collections/many")["embedded"] >= seen
    host.wait_for(lambda: call(host, "GET", "/v1/collections/many")["state"] == "ready", "embedded", 120)
    described = call(host, "GET", "/v1/collections/many")
    assert (described["embedded"], described["rows_refused_total"]) == (20_000, 0)
    # Every row is found by its own text: none was left out, none has another's vector.
    for n in [0, 63, 64, 7777, 19_999]:
        row = call(host, "GET", f"/v1/collections/many/documents/{n}")["row"]
        found = query(host, "many", row["title"], filter={"group": n % 7}, top_k=1)["data"][0]
        assert found["score"] > 0.999, (n, found)


def test_other_weights_make_a_collection_stale_until_it_is_embedded_again(make_host, tmp_path):
    source = tmp_path / "model"
    shutil.copytree(TINY, source)
    host = make_host(encoder(source), BERT)
    call(host, "PUT", "/v1/collections/some?wait=true", rows(5000), "text/csv")
    weights = source / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-2:] = changed[-4:-2]
    weights.write_bytes(changed)
    call(host, "POST", "/admin/models/minilm/reload")
    with pytest.raises(urllib.error.HTTPError) as stale:
        query(host, "some", "bread")
    assert stale.value.code == 409 and "other weights" in json.loads(stale.value.read())["error"]["message"]
    assert query(host, "some", "bread", mode="text")["data"]
    host.wait_for(lambda: answers(host, "some"), "embedded again", 60)
    assert call(host, "GET", "/v1/collections/some")["state"] == "ready"


@needs_minilm
def test_topics_are_found_by_what_is_meant(make_host):
    host = make_host(encoder() + collection("topics", TOPICS, text=["title", "description"], id="id"), BERT)
    host.wait_for(lambda: call(host, "GET", "/v1/collections")["data"]
                  and call(host, "GET", "/v1/collections/topics")["state"] == "ready", "embedded", 60)
    asked = {"making a loaf rise without bought yeast": "Sourdough baking",
             "insects that make honey in town": "Urban beekeeping",
             "why mountains erupt": "Volcanoes"}
    for mode in ["vector", "hybrid"]:
        for text, title in asked.items():
            assert query(host, "topics", text, mode=mode)["data"][0]["row"]["title"] == title
    searched = roost("search", "topics", "why mountains erupt", "--top", "3", host=host)
    assert searched.returncode == 0, searched.stderr
    header, first, *_ = searched.stdout.splitlines()
    assert header.split() == ["SCORE", "ID", "TITLE", "DESCRIPTION"] and "Volcanoes" in first


def test_a_file_is_searched_from_the_command_line(make_host, tmp_path):
    host = make_host(markov())
    file = tmp_path / "my plants.csv"
    file.write_text("name,height\nfern,40\noak,2000\nmoss,3\n")
    for _ in range(2):
        searched = roost("search", "--file", str(file), "--mode", "text", "--json", "oak", host=host)
        assert searched.returncode == 0, searched.stderr
        assert json.loads(searched.stdout)["data"][0]["row"]["height"] == "2000"
    assert len(call(host, "GET", "/v1/collections")["data"]) == 1
    [kept] = call(host, "GET", "/v1/collections")["data"]
    filtered = roost("search", kept["name"], "oak", "fern", "--mode", "text", "--where", "height<100", host=host)
    assert "fern" in filtered.stdout and "oak" not in filtered.stdout
    assert roost("search", "nobody", "x", host=host).returncode == 1
    assert roost("search", "nobody", host=host).returncode == 2
    assert roost("search", "--file", str(tmp_path / "none.csv"), "x", host=host).returncode == 2

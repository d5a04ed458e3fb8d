"""What a host keeps: who may read it, what a full disk leaves possible, how many files it takes."""
import gzip
import json
import os
import shutil
import subprocess
import urllib.error
import uuid

import pytest

from conftest import BERT, ROOT, markov
from test_collections import call, query, rows


def refused(host, method, path, body=None, type="application/json"):
    """The status and the error of a request that is refused."""
    with pytest.raises(urllib.error.HTTPError) as error:
        call(host, method, path, body, type)
    return error.value.code, json.loads(error.value.read())["error"]


def conversation(text):
    return {"title": "t", "model": "m", "messages": [{"role": "user", "content": text}]}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 20 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder, leave=0):
    """Takes all room of a disk but `leave` bytes."""
    room = shutil.disk_usage(folder).free - leave
    with open(folder / "filler", "wb") as filler:
        written = 0
        try:
            while written < room:
                written += filler.write(b"x" * min(4096, room - written))
                filler.flush()
        except OSError:
            pass


def test_on_a_full_disk_what_makes_room_works_and_counts_stay_right(make_host, small_disk):
    host = make_host(markov(), server="", data=small_disk / "data")
    call(host, "PUT", "/v1/collections/kept?text=title", rows(2000), "text/csv")
    call(host, "PUT", "/v1/collections/other", b"id,title\n1,fern\n", "text/csv")
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for id in ids:
        call(host, "PUT", f"/v1/conversations/{id}", conversation("hello"))
    fill(small_disk)
    # Logs may have a little room left in their files.
    while True:
        try:
            call(host, "POST", "/v1/collections/kept/documents", rows(300).replace(b"\n", b"\nx", 300), "text/csv")
        except urllib.error.HTTPError as error:
            assert error.code == 507 and json.loads(error.read())["error"]["code"] == "storage_full"
            break
    count = call(host, "GET", "/v1/collections/kept")["count"]
    while True:
        try:
            call(host, "PUT", f"/v1/conversations/{ids[0]}", conversation("x" * 200_000))
        except urllib.error.HTTPError as error:
            told = json.loads(error.read())["error"]
            assert error.code == 507 and told["code"] == "storage_full" and str(small_disk) not in told["message"]
            break
    assert query(host, "kept", "row 1999", mode="text", top_k=1)["data"][0]["id"] == "1999"
    for id in range(20):
        assert call(host, "DELETE", f"/v1/collections/kept/documents/{id}")["deleted"]
    assert call(host, "GET", "/v1/collections/kept")["count"] == count - 20
    assert call(host, "DELETE", f"/v1/conversations/{ids[1]}")["deleted"]
    assert call(host, "DELETE", "/v1/collections/other")["deleted"]
    (small_disk / "filler").unlink()
    added = call(host, "POST", "/v1/collections/kept/documents", {"id": "new", "title": "one more"})
    assert added["count"] == count - 19
    host.restart()
    assert call(host, "GET", "/v1/collections/kept")["count"] == count - 19
    assert [c["id"] for c in call(host, "GET", "/v1/conversations")["data"]].count(ids[1]) == 0
    assert [c["name"] for c in call(host, "GET", "/v1/collections")["data"]] == ["kept"]


def test_a_host_that_starts_on_a_full_disk_still_deletes_a_collection(make_host, small_disk):
    host = make_host(markov(), data=small_disk / "data")
    call(host, "PUT", "/v1/collections/kept?text=title", rows(3000), "text/csv")
    call(host, "PUT", "/v1/collections/other", b"id,title\n1,fern\n", "text/csv")
    host.process.kill()
    host.process.wait(20)
    (small_disk / "data" / "collections" / "reserve").unlink()
    fill(small_disk)
    host.restart()
    assert query(host, "other", "fern", mode="text")["data"][0]["id"] == "1"
    assert call(host, "DELETE", "/v1/collections/kept")["deleted"]
    assert [c["name"] for c in call(host, "GET", "/v1/collections")["data"]] == ["other"]


def test_nobody_else_reads_what_is_kept_where_it_was_there_before(make_host, tmp_path):
    data = tmp_path / "before"
    (data / "collections").mkdir(parents=True)
    (data / "plugins").mkdir()
    (data / "roost.sqlite").touch()
    for path in [data, data / "collections", data / "plugins"]:
        path.chmod(0o755)
    (data / "roost.sqlite").chmod(0o644)
    old = os.umask(0o022)
    try:
        host = make_host(markov(), data=data)
    finally:
        os.umask(old)
    call(host, "PUT", "/v1/collections/kept", b"id,title\n1,fern\n", "text/csv")
    call(host, "PUT", f"/v1/conversations/{uuid.uuid4()}", conversation("hello"))
    found = [data, *data.rglob("*")]
    assert any(path.name == "roost.sqlite-wal" for path in found)
    open_to_others = [path for path in found if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_collections_that_nobody_uses_hold_few_files(make_host):
    host = make_host(markov())
    def files():
        return len(os.listdir(f"/proc/{host.process.pid}/fd"))
    before = files()
    for number in range(80):
        call(host, "PUT", f"/v1/collections/c{number}", b"id,title\n1,fern\n", "text/csv")
    # 32 are open at once, each with its file, the log, and what they share, for a writer and a few readers.
    assert files() - before < 32 * 12
    for number in range(80):
        assert query(host, f"c{number}", "fern", mode="text")["data"][0]["id"] == "1"
    assert files() - before < 32 * 12


def test_a_bomb_is_refused_by_what_comes_out_of_it(make_host):
    host = make_host(markov(), server='[search]\nmax_import = "1MB"\n')
    call(host, "PUT", "/v1/collections/kept", b"id,title\n1,fern\n", "text/csv")
    bomb = gzip.compress(b"id,title\n" + b"1,x\n" * (4 << 20), 9)
    assert len(bomb) < 1_000_000
    assert refused(host, "PUT", "/v1/collections/kept", bomb, "application/gzip")[0] == 413
    assert call(host, "GET", "/v1/collections/kept")["count"] == 1


def test_an_older_collection_is_indexed_again_though_the_host_is_killed_meanwhile(make_host, tmp_path):
    data = tmp_path / "older"
    shutil.copytree(ROOT / "Tests" / "Fixtures" / "collections-1", data / "collections")
    host = make_host(markov(), data=data)
    for _ in range(3):
        host.restart()
    assert call(host, "GET", "/v1/collections/kept")["count"] == 10
    host.wait_for(lambda: query(host, "kept", "绿茶", mode="text")["data"], "indexed again")
    for text, id in [("绿茶", "1"), ("天気", "2"), ("ไทย", "3"), ("gzip", "4"), ("green tea", "5"), ("학교", "6")]:
        assert [row["id"] for row in query(host, "kept", text, mode="text")["data"]] == [id]
    documents = call(host, "GET", "/v1/collections/kept/documents")["data"]
    assert [row["id"] for row in documents] == [str(number) for number in range(1, 11)]


def test_what_is_told_of_a_collection_names_no_folder_of_this_machine(make_host, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    model = f'[[models]]\nname = "minilm"\nplugin = "bert"\nsource = "{broken}"\ndefault_for = ["embeddings"]\n'
    host = make_host(markov() + model, BERT, waits=False)
    host.wait_for(lambda: host.get("/healthz").status == 200, "up")
    call(host, "PUT", "/v1/collections/kept", b"id,title\n1,fern\n", "text/csv")
    host.wait_for(lambda: call(host, "GET", "/v1/collections/kept")["state"] == "failed", "failed")
    error = call(host, "GET", "/v1/collections/kept")["error"]
    assert "minilm" in error and str(tmp_path) not in error, error

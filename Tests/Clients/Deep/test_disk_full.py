"""A disk that is full costs the writes that do not fit, nothing else, and a delete makes room again."""
import subprocess

import pytest

from conftest import markov
from Deep.traffic import Refused, ask

ROWS = [{"title": f"row {index} " + "words of no meaning " * 20} for index in range(300)]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 20 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m,mode=700", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def ids(host):
    found, after = [], ""
    while True:
        page = ask(host, "GET", f"/v1/collections/rows/documents?limit=1000&after={after}")
        found += [row["id"] for row in page["data"]]
        if not page.get("has_more"):
            return found
        after = page["data"][-1]["id"]


def test_a_full_disk_loses_nothing_and_a_delete_makes_room(make_host, small_disk, note):
    host = make_host(markov(), data=small_disk)
    ask(host, "PUT", "/v1/collections/rows?text=title&wait=true", b"id,title\nfirst,bread\n", "text/csv")
    acknowledged, refusals = 1, []
    for _ in range(400):
        try:
            ask(host, "POST", "/v1/collections/rows/documents", ROWS)
            acknowledged += len(ROWS)
        except Refused as refused:
            refusals.append(refused)
            if len(refusals) == 3:
                break
    assert len(refusals) == 3 and all(refused.typed for refused in refusals), refusals
    assert all(refused.status in (503, 507) for refused in refusals)
    assert not any(str(small_disk) in str(refused.body) for refused in refusals)
    assert ask(host, "GET", "/v1/collections/rows")["count"] == acknowledged == len(ids(host))
    ask(host, "POST", "/v1/completions", {"model": "markov", "prompt": "The", "max_tokens": 4})

    for key in ids(host)[:1000]:
        ask(host, "DELETE", f"/v1/collections/rows/documents/{key}")
        acknowledged -= 1
    assert ask(host, "GET", "/v1/collections/rows")["count"] == acknowledged == len(ids(host))
    ask(host, "DELETE", "/v1/collections/rows")
    ask(host, "PUT", "/v1/collections/rows?text=title&wait=true", b"id,title\nnext,tea\n", "text/csv")
    assert ids(host) == ["next"]
    note("data folder on a full disk of 20 MB", f"{len(refusals)} writes refused", "0 rows lost, count right, DELETE works")

"""A host that may open only a few files."""
import concurrent.futures
import http.client
import json
import os
import resource
import socket
import subprocess
import urllib.parse

import pytest

from conftest import BIN, Host, markov

FEW = 96
ONE = json.dumps({"model": "markov", "prompt": "I have no we", "max_tokens": 6, "temperature": 0})
ROW = "title,text\na,b\n"


def limit(files):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def asked(host, method, path, body=None, type="application/json", timeout=60):
    connection = http.client.HTTPConnection(urllib.parse.urlparse(host.url).netloc, timeout=timeout)
    try:
        connection.request(method, path, body, {"content-type": type, **host.admin})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def answers(host):
    """Asks for what needs files, until it is there."""
    host.wait_for(lambda: asked(host, "GET", "/healthz")[0] == 200, "healthy")
    host.wait_for(lambda: asked(host, "POST", "/v1/completions", ONE)[0] == 200, "completing", 120)
    host.wait_for(lambda: asked(host, "POST", "/admin/models/markov/reload")[0] == 200, "reloading", 120)
    host.wait_for(
        lambda: asked(host, "PUT", "/v1/collections/last", ROW, "text/csv")[0] == 201, "importing", 120)


def open_files(host):
    return len(os.listdir(f"/proc/{host.process.pid}/fd"))


def another(name, plugin="markov", **settings):
    """A model that is loaded when it is asked for."""
    lines = ["[[models]]", f'name = "{name}"', f'plugin = "{plugin}"', 'load = "first-use"', "context = 4096"]
    return "\n".join(lines + [f"{key} = {json.dumps(value)}" for key, value in settings.items()]) + "\n"


def test_a_limit_too_low_to_serve_with_is_said_at_the_start(tmp_path):
    config = tmp_path / "plugins.toml"
    config.write_text(f'[server]\nlisten = "127.0.0.1:0"\ndata = "{tmp_path}/data"\n')
    asked = subprocess.run([BIN / "roost", "serve", "--config", config], capture_output=True, text=True,
                           timeout=60, preexec_fn=limit(32))
    assert asked.returncode == 1 and "32 files" in asked.stderr and "ulimit -n" in asked.stderr


def test_connections_leave_files_for_the_work(tmp_path):
    host = Host(tmp_path, markov(), preexec=limit(FEW))
    try:
        address = urllib.parse.urlparse(host.url)
        # More than all files: those beyond the share of connections wait to be accepted.
        idle = [socket.create_connection((address.hostname, address.port), timeout=60) for _ in range(FEW + 20)]
        idle[0].sendall((f"POST /v1/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
                         f"Content-Length: {len(ONE)}\r\n\r\n{ONE}").encode())
        assert idle[0].recv(65536).startswith(b"HTTP/1.1 200")
        for connection in idle:
            connection.close()
        assert asked(host, "GET", "/healthz")[0] == 200
    finally:
        assert host.stop() == 0, host.lines[-20:]


def test_without_a_file_left_requests_are_refused_and_the_host_goes_on(tmp_path):
    host = Host(tmp_path, markov(), preexec=limit(FEW))
    try:
        made = [asked(host, "PUT", f"/v1/collections/c{number}", "title,text\na,b\n", "text/csv")
                for number in range(FEW // 2)]
        for status, answer in made:
            assert status == 201 or status == 503 and answer["error"]["type"] == "server_error", answer
        assert asked(host, "GET", "/healthz")[0] == 200
        assert asked(host, "POST", "/v1/completions", json.dumps({"prompt": "I", "max_tokens": 3}))[0] == 200
        for number in range(FEW // 2):
            asked(host, "DELETE", f"/v1/collections/c{number}")
        assert asked(host, "PUT", "/v1/collections/again", "title,text\na,b\n", "text/csv")[0] == 201
    finally:
        assert host.stop() == 0, host.lines[-20:]


def test_a_load_that_fails_keeps_no_file_open(tmp_path):
    (tmp_path / "no.gguf").write_text("no weights")
    broken = another("broken", "llama", source=str(tmp_path / "no.gguf"))
    host = Host(tmp_path, markov() + broken, preexec=limit(128))
    try:
        def load():
            status, answer = asked(host, "POST", "/admin/models/broken/load")
            assert status == 503 and answer["error"]["code"] == "model_unavailable", answer
            assert "many open files" not in answer["error"]["message"]

        load()
        before = open_files(host)
        for _ in range(150):
            load()
        host.wait_for(lambda: open_files(host) <= before, f"at {before} open files again")
    finally:
        assert host.stop() == 0, host.lines[-20:]


@pytest.mark.parametrize("files", [64, 96, 128, 200])
def test_whatever_is_asked_for_at_once_the_host_goes_on(tmp_path, files):
    """Connections that stay, models, reloads, collections and queries, more of each than there are files for."""
    models = [f"m{number}" for number in range(files // 8)]
    host = Host(tmp_path, markov() + "".join(map(another, models)), preexec=limit(files))
    address = urllib.parse.urlparse(host.url)
    most = 0

    def request(number):
        nonlocal most
        name = f"c{number % 16}"
        method, path, *body = [
            ("POST", "/v1/completions", json.dumps({"model": models[number % len(models)], "prompt": "I", "max_tokens": 64})),
            ("PUT", f"/v1/collections/{name}", ROW, "text/csv"),
            ("POST", "/admin/models/markov/reload"),
            ("POST", f"/v1/collections/{name}/query", json.dumps({"query": "b", "mode": "text"})),
            ("POST", f"/admin/models/{models[number % len(models)]}/unload"),
            ("GET", "/metrics"),
        ][number % 6]
        try:
            status, answer = asked(host, method, path, *body, timeout=120)
        except (json.JSONDecodeError, TimeoutError):
            return
        finally:
            most = max(most, open_files(host))
        assert status < 300 or answer["error"]["type"], answer
        assert status in {200, 201, 404, 409, 422, 429, 503}, (status, answer)

    try:
        idle = []
        for _ in range(files):
            idle.append(socket.create_connection((address.hostname, address.port), timeout=60))
        for connection in idle[2:]:
            connection.close()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(request, range(600)))
        assert host.process.poll() is None, host.lines[-20:]
        # The load was what it claims to be.
        assert files - 24 < most < files, most
        for connection in idle:
            connection.close()
        # Those that were loaded last have no reason to go by themselves.
        for model in models:
            asked(host, "POST", f"/admin/models/{model}/unload", timeout=120)
        answers(host)
    finally:
        assert host.stop() == 0, host.lines[-20:]

"""A host that may open only a few files."""
import http.client
import json
import resource
import socket
import subprocess
import urllib.parse

from conftest import BIN, Host, markov

FEW = 96


def limit(files):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def asked(host, method, path, body=None, type="application/json"):
    connection = http.client.HTTPConnection(urllib.parse.urlparse(host.url).netloc, timeout=60)
    try:
        connection.request(method, path, body, {"content-type": type})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


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
        one = json.dumps({"prompt": "I have no we", "max_tokens": 6, "temperature": 0})
        idle[0].sendall((f"POST /v1/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
                         f"Content-Length: {len(one)}\r\n\r\n{one}").encode())
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

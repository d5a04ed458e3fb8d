"""HTTP as it is on the wire: what a client library would not send, and how connections end."""
import gzip
import json
import os
import socket
import threading
import time
import urllib.parse

import pytest

from conftest import markov

CHAT = json.dumps({"model": "markov", "stream": True, "max_tokens": 2,
                   "messages": [{"role": "user", "content": "Hi"}]})


def exchange(host, data, seconds=60):
    """What the host answers until it closes the connection, which it must do by itself."""
    address = urllib.parse.urlparse(host.url)
    with socket.create_connection((address.hostname, address.port), timeout=seconds) as connection:
        connection.sendall(data.replace("HOST", address.netloc).encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode()


def status(answer):
    return int(answer.split(" ", 2)[1])


@pytest.mark.parametrize("expected, head, body", [
    (400, "GET /healthz HTTP/1.1", ""),
    (400, "GET /healthz HTTP/1.1\r\nHost: HOST\r\nHost: evil.example", ""),
    (400, "GET /healthz HTTP/1.1\r\nHost: HOST\r\nHost: HOST", ""),
    (400, "GET http://evil.example/healthz HTTP/1.1\r\nHost: HOST", ""),
    (200, "GET http://HOST/healthz HTTP/1.1\r\nHost: HOST", ""),
    (400, "GET http://HOST/healthz HTTP/1.1", ""),
    (400, "POST /v1/completions HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked", "ZZ\r\nx\r\n"),
    (400, "POST /v1/completions HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked", "FFFFFFFFFFFFFFFFF\r\nx"),
    (501, "POST /v1/completions HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip", ""),
    (501, "POST /v1/completions HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: gzip, chunked", "0\r\n\r\n"),
])
def test_what_two_readers_would_read_differently_is_refused(host, expected, head, body):
    answer = exchange(host, f"{head}\r\nConnection: close\r\n\r\n{body}")
    assert status(answer) == expected, answer
    assert answer.count("HTTP/1.") == 1, answer
    if expected >= 400:
        error = json.loads(answer.partition("\r\n\r\n")[2])["error"]
        assert error["message"] and error["code"] in ("malformed_request", "unsupported_transfer_encoding")
    assert not [line for line in host.lines if "unexpected error" in line]


def test_http_1_0_need_not_name_a_host(host):
    """As load balancers probe; what this machine alone may use is not for a request that names none."""
    assert status(exchange(host, "GET /healthz HTTP/1.0\r\n\r\n")) == 200
    assert status(exchange(host, "GET /v1/models HTTP/1.0\r\n\r\n")) == 403


def test_a_body_that_breaks_off_ends_the_connection(host):
    answer = exchange(host, "POST /v1/completions HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")
    assert status(answer) == 400 and "connection: close" in answer.lower()


@pytest.mark.parametrize("path", ["/nothing", "/v1/completions"])
def test_a_broken_body_is_answered_once(host, path):
    answer = exchange(host, f"POST {path} HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")
    assert answer.count("HTTP/1.") == 1, answer


@pytest.mark.parametrize("version, option", [
    ("1.0", ""), ("1.0", "Connection: keep-alive\r\n"), ("1.1", "Connection: close\r\n"),
    ("1.1", "Connection: Close\r\n"), ("1.1", "Connection: te, close\r\n"), ("1.1", "Connection: te\r\nConnection: CLOSE\r\n"),
])
def test_a_connection_ends_where_its_client_expects_it(host, version, option):
    plain = exchange(host, f"GET /healthz HTTP/{version}\r\nHost: HOST\r\n{option}\r\n")
    assert status(plain) == 200 and plain.endswith('{"status":"ok"}')
    assert "connection: close" in plain.lower()
    streamed = exchange(host, f"POST /v1/chat/completions HTTP/{version}\r\nHost: HOST\r\n{option}"
                              f"Content-Length: {len(CHAT)}\r\n\r\n{CHAT}")
    assert streamed.rstrip().endswith("data: [DONE]") or streamed.endswith("0\r\n\r\n")
    assert ("transfer-encoding" in streamed.lower()) == (version == "1.1")


def test_a_request_for_another_protocol_is_answered_and_ends_the_connection(host):
    """Java's client asks for h2c, and would wait on this connection for the answer to its next request."""
    upgrade = "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
    answer = exchange(host, f"GET /healthz HTTP/1.1\r\nHost: HOST\r\n{upgrade}\r\n")
    assert status(answer) == 200 and "connection: close" in answer.lower()
    answer = exchange(host, f"POST /v1/chat/completions HTTP/1.1\r\nHost: HOST\r\n{upgrade}"
                            f"Content-Length: {len(CHAT)}\r\n\r\n{CHAT}")
    assert status(answer) == 200 and "data: [DONE]" in answer
    assert status(exchange(host, "CONNECT HOST HTTP/1.1\r\nHost: HOST\r\n\r\n")) == 404


def test_requests_in_one_piece_are_answered_in_their_order(host):
    one = "GET /healthz HTTP/1.1\r\nHost: HOST\r\n\r\n"
    last = "GET /v1/models HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"
    answer = exchange(host, one * 3 + last)
    assert answer.count("HTTP/1.1 200 OK") == 4 and answer.count('{"status":"ok"}') == 3
    assert '"object":"list"' in answer


def test_a_client_is_told_to_send_its_body_between_two_responses(host):
    """Within the response to the request before, the words would be a part of its text."""
    address = urllib.parse.urlparse(host.url)
    stream = json.dumps({"model": "markov", "stream": True, "max_tokens": 4000, "prompt": "\n\n", "logit_bias": {"256": -100}})
    head = f"POST /v1/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(f"{head}Content-Length: {len(stream)}\r\n\r\n{stream}".encode())
        answer = connection.recv(65536)
        connection.sendall(f"{head}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
        while b"100 Continue" not in answer:
            answer += connection.recv(65536)
        before, words, _ = answer.partition(b"HTTP/1.1 100 Continue\r\n")
        assert words and before.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n"), answer[-500:]
        connection.sendall(b"{}")
        rest = b""
        while piece := connection.recv(65536):
            rest += piece
        assert b"HTTP/1.1 400" in rest


def test_a_refusal_reaches_a_client_that_sends_its_whole_body_first(host):
    """Nobody reads the body of what is refused for its key, and this connection ends with the response."""
    address = urllib.parse.urlparse(host.url)
    body = bytes(32 << 20)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(f"POST /admin/models HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert status(answer.decode()) == 401 and b"missing_admin_key" in answer


def test_nothing_is_expected_of_http_1_0(host):
    answer = exchange(host, "POST /v1/completions HTTP/1.0\r\nHost: HOST\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}")
    assert answer.startswith("HTTP/1.0 400"), answer


def test_a_body_that_hardly_comes_is_given_up(host):
    """A byte now and then, for as long as it takes: half a minute and a little."""
    address = urllib.parse.urlparse(host.url)
    with socket.create_connection((address.hostname, address.port), timeout=120) as connection:
        connection.sendall(f"POST /v1/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
                           "Content-Length: 1000000\r\n\r\n{".encode())
        answered = threading.Event()

        def drip():
            while not answered.wait(1):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return
        threading.Thread(target=drip, daemon=True).start()
        answer = connection.recv(65536).decode()
        answered.set()
        assert status(answer) == 408 and "request_timeout" in answer
        assert "connection: close" in answer.lower()
        while connection.recv(65536):
            pass


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="there is no /proc")
def test_a_client_that_reads_nothing_is_given_up(make_host):
    """A minute after it took the last byte."""
    host = make_host(markov())
    address = urllib.parse.urlparse(host.url)
    files = lambda: len(os.listdir(f"/proc/{host.process.pid}/fd"))
    text = json.dumps({"model": "markov", "text": "a" * 4_000_000})
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        before = files()
        connection.connect((address.hostname, address.port))
        connection.sendall(f"POST /v1/tokenize HTTP/1.1\r\nHost: {address.netloc}\r\n"
                           f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
        assert connection.recv(12) == b"HTTP/1.1 200"
        assert files() > before
        host.wait_for(lambda: files() <= before, "closed", 120)


def test_a_client_that_reads_slowly_gets_all_of_a_large_response(make_host):
    """Twelve megabytes in one piece, at the pace of a slow network: longer than nothing may be read for."""
    host = make_host(markov())
    address = urllib.parse.urlparse(host.url)
    text = json.dumps({"model": "markov", "text": "a" * 4_000_000})
    answer = bytearray()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.connect((address.hostname, address.port))
        connection.sendall(f"POST /v1/tokenize HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
                           f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
        while piece := connection.recv(65536):
            answer += piece
            time.sleep(len(piece) / 90_000)
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    assert status(head.decode()) == 200
    assert len(json.loads(body)["tokens"]) == 4_000_000


def resident(host, kind):
    """Megabytes: VmRSS is what is held now, VmHWM what was held at most."""
    with open(f"/proc/{host.process.pid}/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(kind))


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="there is no /proc")
@pytest.mark.parametrize("body", [
    b'{"prompt":[' + b"[1]," * 3_900_000 + b"[1]]}",
    b'{"prompt":{' + b",".join(b'"k%d":1' % number for number in range(1_150_000)) + b"}}",
], ids=["arrays", "keys"])
def test_many_large_bodies_at_once_take_little_and_give_it_back(make_host, body):
    host = make_host(markov())
    address = urllib.parse.urlparse(host.url)
    before = resident(host, "VmRSS")
    answers = []

    def send():
        with socket.create_connection((address.hostname, address.port), timeout=300) as connection:
            connection.sendall(f"POST /v1/completions HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            answers.append(status(connection.recv(65536).decode()))
    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # 400 for what it is, or 429 where the others took too long.
    assert len(answers) == 16 and set(answers) <= {400, 429}, answers
    assert resident(host, "VmHWM") < before + 700
    host.wait_for(lambda: resident(host, "VmRSS") < before + 100, "given back")


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="there is no /proc")
def test_what_is_read_past_a_compressed_body_that_is_too_large_is_not_kept(make_host):
    host = make_host(markov())
    address = urllib.parse.urlparse(host.url)
    before = resident(host, "VmRSS")
    body = gzip.compress(bytes(17 << 20)) + os.urandom(60 << 20)
    answers = []

    def send():
        with socket.create_connection((address.hostname, address.port), timeout=300) as connection:
            connection.sendall(f"POST /v1/completions HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
                               f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            answers.append(status(connection.recv(65536).decode()))
    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [413] * 8
    assert resident(host, "VmHWM") < before + 200

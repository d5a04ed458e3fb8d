"""Whatever comes in, a sentence goes out, and the next request works."""
import http.client
import json
import socket
import urllib.parse

import pytest

from conftest import markov

CHAT = {"model": "markov", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
TEXT = {"model": "markov", "prompt": "Hi", "max_tokens": 2}
TOKENIZE = {"model": "markov", "text": "Hi"}
DETOKENIZE = {"model": "markov", "tokens": [72, 105]}
ROUTES = {
    "/v1/chat/completions": CHAT,
    "/v1/completions": TEXT,
    "/v1/tokenize": TOKENIZE,
    "/v1/detokenize": DETOKENIZE,
}
NESTED = b"[" * 200_000
BODIES = {
    "empty": b"",
    "not JSON": b"hello",
    "cut short": b'{"model": "markov", "messages": [',
    "an array": b"[1, 2, 3]",
    "a string": b'"markov"',
    "null": b"null",
    "invalid UTF-8": b'{"model": "mark\xff\xfeov"}',
    "deep nesting": NESTED,
    "no model": b"{}",
    "model of the wrong type": b'{"model": 5, "messages": 5, "prompt": {}, "text": 5, "tokens": 5}',
    "a lone surrogate": b'{"model": "markov", "prompt": "\\ud800", "messages": "\\ud800"',
}


def send(host, method, path, body=None, headers=None):
    address = urllib.parse.urlparse(host.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
    try:
        connection.request(method, path, body, headers or {"content-type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read(), response.headers
    finally:
        connection.close()


def check_refused(status, answer, expected=range(400, 500)):
    assert status in expected, (status, answer[:300])
    error = json.loads(answer)["error"]
    assert len(error["message"]) > 10 and error["type"], error
    return error


def check_still_serving(host, path):
    status, answer, _ = send(host, "POST", path, json.dumps(ROUTES[path]))
    assert status == 200, answer[:300]


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_malformed_body_is_refused_and_the_next_request_works(host, path, body):
    status, answer, headers = send(host, "POST", path, body)
    check_refused(status, answer)
    assert headers["x-request-id"]
    check_still_serving(host, path)


WRONG = [
    ("/v1/chat/completions", {"messages": [{"role": "user"}]}, "content"),
    ("/v1/chat/completions", {"messages": [{"role": 5, "content": "Hi"}]}, "role"),
    ("/v1/chat/completions", {"messages": ["Hi"]}, "messages"),
    ("/v1/chat/completions", {"temperature": "hot"}, "temperature"),
    ("/v1/chat/completions", {"top_p": 1.5}, "top_p"),
    ("/v1/chat/completions", {"top_p": -0.1}, "top_p"),
    ("/v1/chat/completions", {"n": 0}, "n"),
    ("/v1/chat/completions", {"n": 10_000}, "n"),
    ("/v1/chat/completions", {"max_tokens": -1}, "max_tokens"),
    ("/v1/chat/completions", {"max_tokens": 1.5}, "max_tokens"),
    ("/v1/chat/completions", {"max_tokens": 1e300}, "max_tokens"),
    ("/v1/chat/completions", {"stop": 5}, "stop"),
    ("/v1/chat/completions", {"stream": "yes"}, "stream"),
    ("/v1/chat/completions", {"logit_bias": {"x": 1}}, "logit_bias"),
    ("/v1/chat/completions", {"logit_bias": {"99999999": 1}}, "logit_bias"),
    ("/v1/chat/completions", {"seed": "one"}, "seed"),
    ("/v1/chat/completions", {"top_logprobs": 500, "logprobs": True}, "top_logprobs"),
    ("/v1/completions", {"prompt": [1, -5]}, "prompt"),
    ("/v1/completions", {"prompt": [1, 1 << 40]}, "prompt"),
    ("/v1/completions", {"prompt": [99999]}, "prompt"),
    ("/v1/completions", {"prompt": [["a"]]}, "prompt"),
    ("/v1/detokenize", {"tokens": [-1]}, "tokens"),
    ("/v1/detokenize", {"tokens": [99999]}, "tokens"),
    ("/v1/detokenize", {"tokens": ["a"]}, "tokens"),
]


@pytest.mark.parametrize("path, change, parameter", WRONG)
def test_a_wrong_value_is_named(host, path, change, parameter):
    status, answer, _ = send(host, "POST", path, json.dumps(ROUTES[path] | change))
    error = check_refused(status, answer, [400, 404, 422])
    assert parameter in (error.get("param") or "") + error["message"]
    check_still_serving(host, path)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_an_unknown_model_is_not_found(host, path):
    status, answer, _ = send(host, "POST", path, json.dumps(ROUTES[path] | {"model": "nobody"}))
    error = check_refused(status, answer, [404])
    assert error["code"] == "model_not_found" and "markov" in error["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_over_the_context_says_both_numbers(host, stream):
    body = TEXT | {"prompt": "a" * 5000, "stream": stream}
    status, answer, _ = send(host, "POST", "/v1/completions", json.dumps(body))
    error = check_refused(status, answer, [400])
    assert error["code"] == "context_length_exceeded"
    assert "5000" in error["message"] and "4096" in error["message"]


def test_ten_megabytes_of_prompt_are_refused(host):
    body = json.dumps(TEXT | {"prompt": "a b " * 2_621_440})
    status, answer, _ = send(host, "POST", "/v1/completions", body)
    check_refused(status, answer, [400, 413])
    check_still_serving(host, "/v1/completions")


def test_a_body_over_the_limit_is_413(host):
    status, answer, _ = send(host, "POST", "/v1/completions", b"x" * (40 << 20))
    check_refused(status, answer, [413])
    check_still_serving(host, "/v1/completions")


@pytest.mark.parametrize("method, path, expected", [
    ("GET", "/v1/nothing", 404), ("GET", "/v1/models/nobody", 404), ("GET", "/../../etc/passwd", 404),
    ("GET", "/assets/..%2f..%2fetc%2fpasswd", 404), ("GET", "/v1/chat/completions", 405),
    ("PUT", "/v1/completions", 405), ("GET", "/v1/conversations/not-a-uuid", 400),
    ("PUT", "/v1/conversations/not-a-uuid", 400), ("POST", "/v1/conversations/not-a-uuid/messages", 400), ("POST", "/admin/models/nobody/reload", 404),
    ("POST", "/admin/models/nobody/load", 404), ("POST", "/admin/plugins/nobody/reload", 404),
    ("POST", "/admin/models", 400), ("POST", "/admin/plugins", 400), ("DELETE", "/admin/models/nobody", 404),
])
def test_wrong_paths_and_methods_are_errors_in_json(host, method, path, expected):
    headers = {"content-type": "application/json"} | (host.admin if path.startswith("/admin/") else {})
    status, answer, _ = send(host, method, path, b"{" if method in ("PUT", "POST") else None, headers)
    check_refused(status, answer, [expected])


def test_where_things_lie_is_not_told_to_clients(make_host, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "notes.gguf").write_text("no weights")
    host = make_host(markov() + f'[[models]]\nname = "broken"\nplugin = "llama"\nload = "first-use"\n'
                     f'source = "{folder}/notes.gguf"\n')
    status, answer, _ = send(host, "POST", "/v1/completions", json.dumps({"model": "broken", "prompt": "a"}))
    message = check_refused(status, answer, [503])["message"]
    assert str(folder) not in message and str(host.folder) not in message and "notes.gguf" in message, message
    shown = host.json("/admin/models/broken")
    assert shown["source"] == f"{folder}/notes.gguf" and f"{folder}/notes.gguf" in shown["last_error"]


CONVERSATION = "/v1/conversations/6b1c2a34-0000-4000-8000-0123456789ab"


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{}", NESTED, b'{"messages": 5}', b'{"messages": ["Hi"]}', b'{"messages": [{"role": "user"}]}',
    b'{"messages": [], "title": 5}', b'{"messages": [{"role": "user", "content": "\xff"}]}',
    b'{"messages": [], "title": "' + b"a" * 10_000 + b'"}',
    b'{"messages": [{"role": "user", "content": "' + b"a" * (5 << 20) + b'"}]}',
], ids=range(11))
def test_a_conversation_that_cannot_be_kept_is_refused(host, body):
    kept = {"title": "Kept", "model": "markov", "messages": [{"role": "user", "content": "Grüße \u0000 👋🏽"}]}
    assert send(host, "PUT", CONVERSATION, json.dumps(kept))[0] == 200
    check_refused(*send(host, "PUT", CONVERSATION, body)[:2])
    status, answer, _ = send(host, "GET", CONVERSATION)
    assert status == 200
    messages = [{key: message[key] for key in ("role", "content")} for message in json.loads(answer)["messages"]]
    assert messages == kept["messages"]
    assert send(host, "DELETE", CONVERSATION)[0] == 200
    check_refused(*send(host, "GET", CONVERSATION)[:2], [404])


def test_a_client_that_waits_to_send_its_body_is_told_to_go_on(host):
    body = json.dumps(TEXT).encode()
    address = urllib.parse.urlparse(host.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(
            b"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode())
        answer = connection.makefile("rb")
        assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
        while answer.readline() != b"\r\n":
            pass
        connection.sendall(body)
        assert answer.readline() == b"HTTP/1.1 200 OK\r\n"

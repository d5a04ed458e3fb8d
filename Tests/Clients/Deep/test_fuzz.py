"""Requests that nobody would write: each gets an answer with a reason, and the host is none the worse."""
import copy
import http.client
import json
import os
import threading
import urllib.parse

from conftest import BERT, bert, markov
from Deep.traffic import Process, Tally, ask, running

REQUESTS = int(os.environ.get("ROOST_FUZZ_REQUESTS", "20000"))
CLIENTS = 8
PICTURE = "aGVsbG8="
VALUES = [
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**64, -2**63, 0.5, 1e308, "", " ", "a", "\u0000", "\ud83d\ude00",
    "<|im_end|>", "../../etc/passwd", "a" * 10_000, [], {}, [[]], [None], [1, 2], ["a", "b"], {"a": 1}, {"role": "user"},
]
RAW = [b"NaN", b"1e400", b"-", b"[" * 200, b'{"a":' * 200, b"\xff\xfe", b'"\\ud800"', b"\xef\xbb\xbf1", b"00", b"'a'"]
BODIES = [
    ("POST", "/v1/completions", {"model": "markov", "prompt": "The", "max_tokens": 2, "temperature": 1, "top_p": 0.9,
                                 "seed": 1, "logprobs": 1, "stop": ["x"], "n": 1, "echo": True, "stream": False,
                                 "logit_bias": {"5": 1}, "presence_penalty": 0.1, "stream_options": None}),
    ("POST", "/v1/chat/completions", {"model": "markov", "messages": [{"role": "user", "content": "Hi"}],
                                      "max_tokens": 2, "stream": True, "top_logprobs": 1, "logprobs": True,
                                      "tools": None, "response_format": {"type": "text"}}),
    ("POST", "/v1/embeddings", {"model": "embedder", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 8}),
    ("POST", "/v1/classify", {"model": "classes", "input": "a", "labels": ["x", "y"], "top_k": 1}),
    ("POST", "/v1/similarity", {"model": "embedder", "source": "a", "sentences": ["b"]}),
    ("POST", "/v1/rerank", {"model": "embedder", "query": "a", "documents": ["b", {"text": "c"}], "top_n": 1}),
    ("POST", "/v1/answer", {"question": "a", "passages": ["b"], "collection": "rows", "top_k": 1}),
    ("POST", "/v1/summarize", {"input": "a", "max_tokens": 2}),
    ("POST", "/v1/tokenize", {"model": "markov", "text": "a", "messages": [{"role": "user", "content": "a"}]}),
    ("POST", "/v1/detokenize", {"model": "markov", "tokens": [1, 2]}),
    ("POST", "/v1/images/generations", {"prompt": "a", "n": 1, "size": "64x64", "init_image": PICTURE, "steps": 1}),
    ("POST", "/v1/collections/rows/query", {"query": "a", "mode": "text", "top_k": 3, "filter": {"title": "a"}}),
    ("POST", "/v1/collections/rows/documents", [{"id": "a", "title": "b"}]),
    ("PUT", "/v1/collections/rows/documents/a", {"title": "b"}),
    ("PATCH", "/v1/collections/rows/documents/a", {"title": "c"}),
    ("PUT", "/v1/conversations/00000000-0000-4000-8000-000000000001",
     {"title": "t", "messages": [{"role": "user", "content": "a"}]}),
    ("POST", "/admin/models", {"name": "new", "plugin": "markov", "context": 64, "settings": {"a": 1}}),
    ("POST", "/admin/plugins", {"name": "new", "library": "libMarkov.so", "isolation": "worker"}),
    ("GET", "/v1/collections/rows/documents?limit=2&after=a", None),
    ("GET", "/v1/models/markov", None),
]


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict):
        for key, element in value.items():
            yield from places(element, path + (key,))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from places(element, path + (index,))


def other(dice):
    """A value of any kind, nobody else's, since it is changed further."""
    return copy.deepcopy(dice.choice(VALUES))


def mutated(body, dice):
    """The bytes of a body in which something, or several things, are otherwise."""
    value = json.loads(json.dumps(body))
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        spots = list(places(value))
        path = dice.choice(spots)
        if not path:
            value = other(dice) if dice.random() < 0.1 else value
            continue
        parent = value
        for step in path[:-1]:
            parent = parent[step]
        match dice.randrange(4):
            case 0 if isinstance(parent, dict):
                del parent[path[-1]]
            case 1 if isinstance(parent, dict):
                parent[dice.choice(["x", "Model", "temprature", "", "a" * 300])] = other(dice)
            case _:
                parent[path[-1]] = other(dice)
    data = json.dumps(value).encode()
    match dice.randrange(12):
        case 0:
            at = dice.randrange(len(data) + 1)
            data = data[:at] + dice.choice(RAW) + data[at:]
        case 1:
            data = data[:dice.randrange(len(data) + 1)]
        case 2:
            data = bytes(byte ^ (dice.random() < 0.02) * dice.randrange(256) for byte in data)
    return data


def mutated_path(path, dice):
    if dice.random() < 0.9:
        return path
    return path + dice.choice(["/", "?x=1", "?limit=-1", "/../../admin/models", "%00", "%2e%2e/", "//", "?" + "a=" * 500])


def test_no_request_gets_past_a_typed_answer(make_host, dice, note):
    host = make_host(markov() + bert("embedder", "encoder-mean") + bert("classes", "classifier"), plugins=BERT)
    ask(host, "PUT", "/v1/collections/rows?text=title&wait=true", b"id,title\na,bread\n", "text/csv")
    process, address = Process(host.process.pid), urllib.parse.urlsplit(host.url)
    before, tally, lock, left = process.megabytes, Tally(), threading.Lock(), [REQUESTS]

    def client(stopped):
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        while True:
            with lock:
                if not left[0]:
                    return
                left[0] -= 1
                method, path, body = dice.choice(BODIES)
                path = mutated_path(path, dice)
                data = mutated(body, dice) if body is not None else None
                headers = dict(host.admin) | ({"content-type": "application/json"} if data is not None else {})
            try:
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException) as failure:
                tally.add("no answer", (method, path, data, failure))
                connection.close()
                continue
            tally.add(f"{answer.status // 100}xx")
            if answer.status >= 500 and answer.status not in (501, 503, 507):
                tally.add("server's fault", (method, path, data, text))
            elif answer.status >= 400 and path.startswith("/v1") and text:
                try:
                    assert json.loads(text)["error"]["message"]
                except (ValueError, KeyError, TypeError, AssertionError):
                    tally.add("untyped", (method, path, data, text))

    with running(*[client] * CLIENTS) as stopped:
        host.wait_for(lambda: not left[0] or stopped.is_set(), "through all requests", 1200)
    after = process.megabytes
    note("mutated requests over HTTP", REQUESTS, f"{tally}; RSS {before:.0f}→{after:.0f} MB")
    assert host.process.poll() is None
    assert not tally["no answer"] and not tally["server's fault"] and not tally["untyped"], tally.examples
    assert after < before + 150
    ask(host, "POST", "/v1/completions", {"model": "markov", "prompt": "The", "max_tokens": 2})

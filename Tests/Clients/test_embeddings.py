"""Clients of the OpenAI API that make embeddings, unchanged, and what else is asked of vectors."""
import base64
import json
import math
import struct
import subprocess
import threading

import openai
import pytest
from langchain_openai import OpenAIEmbeddings
from llama_index.embeddings.openai import OpenAIEmbedding

from conftest import BERT, ROOT, Host, markov, minilm, needs_minilm
from test_bad_input import check_refused, send

FOX, WHALE = "the red fox runs", "a whale sings in the sea"


@pytest.fixture(scope="session")
def wordbag(tmp_path_factory):
    """A plugin in C that makes vectors, scores, labels and answers out of the words of a text."""
    library = tmp_path_factory.mktemp("wordbag") / "libWordbag.so"
    subprocess.run(
        ["cc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden",
         "-I", ROOT / "Sources/PluginABI/include",
         f"-Wl,--version-script={ROOT}/Plugins/exports.map", "-o", library,
         ROOT / "Tests/Support/Plugins/wordbag.c", "-lm"], check=True)
    return f'[plugins.wordbag]\nlibrary = "{library}"\n'


def words(name="words", pace=0, **settings):
    lines = ["[[models]]", f'name = "{name}"', 'plugin = "wordbag"', f'settings = {{ pace = "{pace}" }}']
    return "\n".join(lines + [f"{key} = {value}" for key, value in settings.items()]) + "\n"


@pytest.fixture(scope="session")
def vectors(tmp_path_factory, wordbag):
    """One host for all tests of this file that leave it as they found it."""
    host = Host(tmp_path_factory.mktemp("vectors"), markov() + words(), plugins=wordbag)
    yield host
    assert host.stop() == 0, "".join(host.lines[-40:])


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("real"), minilm(), plugins=BERT)
    yield host
    assert host.stop() == 0, "".join(host.lines[-40:])


def cosine(left, right):
    return sum(a * b for a, b in zip(left, right)) / math.hypot(*left) / math.hypot(*right)


def post(host, path, body):
    status, answer, _ = send(host, "POST", path, json.dumps(body))
    return status, json.loads(answer)


def test_the_client_gets_vectors_in_order_as_it_asks_by_default(vectors):
    answer = vectors.client().embeddings.create(model="words", input=[FOX, WHALE, ""])
    assert [entry.index for entry in answer.data] == [0, 1, 2]
    assert [len(entry.embedding) for entry in answer.data] == [48] * 3
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0
    alone = vectors.client().embeddings.create(model="words", input=WHALE)
    assert alone.data[0].embedding == answer.data[1].embedding


def test_numbers_and_base64_are_the_same_vector(vectors):
    client = vectors.client()
    numbers = client.embeddings.create(model="words", input=FOX, encoding_format="float").data[0].embedding
    raw = client.embeddings.with_raw_response.create(model="words", input=FOX, encoding_format="base64")
    text = json.loads(raw.text)["data"][0]["embedding"]
    decoded = struct.unpack("<48f", base64.b64decode(text))
    assert decoded == struct.unpack("<48f", struct.pack("<48f", *numbers))


def test_tokens_and_dimensions_are_taken(vectors):
    client = vectors.client()
    answer = client.embeddings.create(model="words", input=[[0, 5, 6, 1], [0, 7, 1]], dimensions=8)
    assert [len(entry.embedding) for entry in answer.data] == [8, 8]
    assert math.hypot(*answer.data[0].embedding) == pytest.approx(1, abs=1e-5)
    assert answer.usage.prompt_tokens == 7


def test_ten_thousand_texts_are_one_request(vectors):
    answer = vectors.client().embeddings.create(
        model="words", input=[f"row number {number}" for number in range(10_000)])
    assert len(answer.data) == 10_000 and answer.data[-1].index == 9999


@pytest.mark.parametrize("request_, words_", [
    (dict(model="markov", input="a"), "words"), (dict(model="words", input=[]), "input"),
    (dict(model="words", input=[[0, -1]]), "input[0][1]"), (dict(model="words", input=[[0, 99999]]), "vocabulary"),
    (dict(model="words", input="a", dimensions=4096), "dimensions"),
])
def test_wrong_requests_are_typed_errors_that_help(vectors, request_, words_):
    with pytest.raises(openai.BadRequestError) as caught:
        vectors.client().embeddings.create(**request_)
    assert words_ in caught.value.message


def langchain(host, model):
    # Its token arrays come from a tokenizer that it would download.
    return OpenAIEmbeddings(
        model=model, base_url=host.url + "/v1", api_key="unused", check_embedding_ctx_length=False)


def llama_index(host, model):
    return OpenAIEmbedding(model_name=model, api_base=host.url + "/v1", api_key="unused")


def test_langchains_embeddings_work_unchanged(vectors):
    embeddings = langchain(vectors, "words")
    documents = embeddings.embed_documents([FOX, WHALE])
    assert [len(vector) for vector in documents] == [48, 48]
    assert cosine(embeddings.embed_query("Red fox runs the"), documents[0]) == pytest.approx(1, abs=1e-5)


def test_llama_indexs_embeddings_work_unchanged(vectors):
    embeddings = llama_index(vectors, "words")
    documents = embeddings.get_text_embedding_batch([FOX, WHALE])
    assert [len(vector) for vector in documents] == [48, 48]
    assert cosine(embeddings.get_query_embedding("red fox"), documents[0]) > cosine(documents[1], documents[0])


@needs_minilm
@pytest.mark.parametrize("embed", [
    lambda host, texts: [e.embedding for e in host.client().embeddings.create(model="minilm", input=texts).data],
    lambda host, texts: langchain(host, "minilm").embed_documents(texts),
    lambda host, texts: llama_index(host, "minilm").get_text_embedding_batch(texts),
], ids=["openai", "langchain", "llama-index"])
def test_a_real_model_knows_what_is_alike(real, embed):
    bread, loaf, engine = embed(real, [
        "How do I bake bread with wild yeast?", "Sourdough needs flour, water and patience.",
        "The steam engine changed how factories worked."])
    assert len(bread) == 384 and math.hypot(*bread) == pytest.approx(1, abs=1e-3)
    assert cosine(bread, loaf) > 0.3 > cosine(bread, engine)


@needs_minilm
def test_a_real_model_classifies_by_labels_that_nobody_trained(real):
    status, answer = post(real, "/v1/classify", {
        "input": "The striker scored twice in the final.", "labels": ["cooking", "sports", "politics"]})
    assert status == 200 and answer["method"] == "zero-shot"
    assert answer["data"][0]["label"] == "sports"


@needs_minilm
def test_a_real_model_takes_texts_of_every_kind(real):
    texts = ["", "\u0000", "a " * 50_000, "👩🏽‍🚀" * 200, "\ud7ff\ufffd", "ﬁ \u202e rtl"]
    answer = real.client().embeddings.create(model="minilm", input=texts)
    assert all(math.isfinite(number) for entry in answer.data for number in entry.embedding)
    with pytest.raises(openai.BadRequestError):
        real.client().embeddings.create(model="minilm", input=[[101, 99_999_999, 102]])
    assert real.client().embeddings.create(model="minilm", input=[[101, 7592, 102]]).data


ROUTES = {
    "/v1/embeddings": {"model": "words", "input": FOX},
    "/v1/similarity": {"model": "words", "source": FOX, "sentences": [WHALE]},
    "/v1/rerank": {"model": "words", "query": FOX, "documents": [WHALE]},
    "/v1/classify": {"model": "words", "input": FOX},
    "/v1/entities": {"model": "words", "input": FOX},
    "/v1/answer": {"model": "words", "question": FOX, "passages": [WHALE]},
}
BODIES = [b"", b"hello", b"[1]", b"null", b'{"input": "', b"[" * 200_000, b'{"a":' * 100_000,
          b'{"model": "words", "input": "\xff\xfe"}', b'{"model": 5, "input": 5}', b"{}",
          b'{"model": "words", "input": ["AAAA", 5], "query": 5, "question": 5, "source": {}}',
          json.dumps({"model": "words", "input": [None], "query": None, "source": None}).encode()]


@pytest.mark.parametrize("path", ROUTES)
def test_whatever_comes_in_a_sentence_goes_out_and_the_next_request_works(vectors, path):
    for body in BODIES:
        check_refused(*send(vectors, "POST", path, body)[:2])
    status, answer = post(vectors, path, ROUTES[path] | {"model": "nobody"})
    assert status == 404 and "words" in answer["error"]["message"]
    status, answer = post(vectors, path, ROUTES[path])
    assert status == 200, answer


@pytest.mark.parametrize("text", ["", "\u0000", "a" * 100_000, "x " * 50_000, "\ud800", "é" * 1000])
@pytest.mark.parametrize("path", ROUTES)
def test_texts_of_every_kind_are_answered(vectors, path, text):
    key = next(key for key in ("passages", "documents", "sentences", "input") if key in ROUTES[path])
    value = [text] if isinstance(ROUTES[path][key], list) else text
    status, answer = post(vectors, path, ROUTES[path] | {key: value})
    assert status == 200, answer


def test_scores_answers_and_entities_have_their_shapes(vectors):
    _, ranked = post(vectors, "/v1/rerank", {"query": "red fox", "documents": [WHALE, FOX], "top_n": 1})
    assert ranked["results"][0]["index"] == 1 and 0 < ranked["results"][0]["relevance_score"] < 1
    _, tei = post(vectors, "/rerank", {"query": "red fox", "texts": [WHALE, FOX]})
    assert [entry["index"] for entry in tei] == [1, 0]
    _, found = post(vectors, "/v1/answer", {
        "question": "What is the capital of France?", "passages": ["The capital of France is Paris.", WHALE]})
    source = found["sources"][0]
    assert found["answer"] == source["text"][source["start"]:source["end"]] == "Paris"
    _, named = post(vectors, "/v1/entities", {"input": "then Ada spoke"})
    assert named["data"][0]["entities"][0]["text"] == "Ada"


def test_a_crowd_is_answered_or_told_to_come_back(make_host, wordbag):
    host = make_host(words(pace=2, queue=4), plugins=wordbag)
    statuses = []

    def ask(number):
        status, _, headers = send(host, "POST", "/v1/embeddings", json.dumps(
            {"input": [f"{number} {text}" for text in range(200)]}))
        statuses.append((status, headers.get("retry-after")))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in statuses} == {200, 429}
    assert all(int(after) >= 1 for status, after in statuses if status == 429)


def test_a_worker_that_is_killed_costs_no_request(make_host, wordbag):
    host = make_host(words(pace=1), plugins=wordbag)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(post(
        host, "/v1/embeddings", {"input": [f"text {number}" for number in range(2000)]})))
    asking.start()
    host.wait_for(lambda: host.metric("roost_steps_total", model="words") > 0, "at work")
    subprocess.run(["kill", "-9", str(host.json("/admin/models")["data"][0]["pid"])], check=True)
    asking.join()
    status, answer = answers[0]
    assert status == 200 and len(answer["data"]) == 2000
    assert host.metric("roost_recoveries_total", model="words") == 1

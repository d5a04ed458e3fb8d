"""Answers from a collection, by the plugins that ship and tiny models: of random weights, so that what is
answered means nothing, and only its form and its sources are checked."""
import json
import urllib.error
import urllib.request

import pytest

from conftest import BERT, FIXTURES, LLAMA, STORIES, bert, needs_stories, stories
from test_collections import call, collection


CSV = """id,title,description,year
1,Volcanoes,Magma rises through the crust and breaks out,1990
2,Urban beekeeping,Bees on the roofs of a city give honey,2001
3,Sourdough baking,A wild yeast starter raises the bread,2001
4,Tidal power,The sea turns turbines twice a day,2012
"""


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "topics.csv"
    file.write_text(CSV)
    return collection("topics", file, text=["title", "description"], id="id")


def ready(host):
    host.wait_for(lambda: call(host, "GET", "/v1/collections")["data"]
                  and call(host, "GET", "/v1/collections/topics")["state"] == "ready", "embedded")


def events(host, body):
    """The text of a streamed answer, and the answer."""
    import urllib.request
    request = urllib.request.Request(
        host.url + "/v1/answer", json.dumps({**body, "stream": True}).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        data = [line[6:].strip() for line in answer.read().decode().splitlines() if line.startswith("data: ")]
    *deltas, whole = [json.loads(line) for line in data]
    assert all(delta["object"] == "answer.delta" for delta in deltas)
    return "".join(delta["text"] for delta in deltas), whole


def test_a_span_comes_from_a_row_and_says_where_it_stands(make_host, table):
    host = make_host(bert("minilm", "encoder-mean") + bert("qa", "qa") + table, BERT)
    ready(host)
    asked = {"question": "What do bees give?", "collection": "topics", "max_answer_tokens": 5}
    whole = call(host, "POST", "/v1/answer", asked)
    assert (whole["object"], whole["mode"], whole["model"]) == ("answer", "extract", "qa")
    assert 0 <= whole["score"] <= 1
    texts = {str(n): f"{title}. {description}" for n, title, description, _ in
             (line.split(",") for line in CSV.splitlines()[1:])}
    assert whole["sources"] and (whole["answer"] is None or whole["score"] == whole["sources"][0]["score"])
    for source in whole["sources"]:
        assert source["text"] == texts[source["id"]] and source["row"]["id"] == source["id"]
        assert source["text"][source["start"]:source["end"]] == source["answer"]
    text, streamed = events(host, asked)
    assert streamed == whole and text == (whole["answer"] or "")


def test_only_rows_that_a_filter_lets_through_are_read(make_host, table):
    host = make_host(bert("minilm", "encoder-mean") + bert("qa", "qa") + table, BERT)
    ready(host)
    for mode in ["vector", "hybrid", "text"]:
        whole = call(host, "POST", "/v1/answer", {
            "question": "What do bees and volcanoes give?", "collection": "topics", "search_mode": mode,
            "filter": {"year": {"gte": 1995, "lt": 2010}}})
        assert {source["row"]["year"] for source in whole["sources"]} <= {"2001"}, mode
    nothing = call(host, "POST", "/v1/answer", {
        "question": "What do bees give?", "collection": "topics", "filter": {"year": "1850"}})
    assert nothing["answer"] is None and nothing["sources"] == []
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(host, "POST", "/v1/answer", {
            "question": "What do bees give?", "collection": "topics", "filter": {"colour": "red"}})
    assert refused.value.code == 400 and json.loads(refused.value.read())["error"]["param"] == "filter"


def check_generated(host, model):
    asked = {"question": "What do bees give?", "collection": "topics", "mode": "generate", "top_k": 2,
             "max_tokens": 8, "filter": {"year": "2001"}}
    whole = call(host, "POST", "/v1/answer", asked)
    assert (whole["mode"], whole["model"], whole["score"]) == ("generate", model, None)
    assert {source["id"] for source in whole["sources"]} <= {"2", "3"} and whole["sources"]
    assert all(source["cited"] is False or f"[{n + 1}]" in whole["answer"]
               for n, source in enumerate(whole["sources"]))
    assert 0 < whole["usage"]["completion_tokens"] <= 8
    text, streamed = events(host, asked)
    assert text == streamed["answer"] == whole["answer"]


def test_a_chat_model_answers_from_rows(make_host, table):
    chat = f'[[models]]\nname = "chat"\nplugin = "llama"\nsource = "{LLAMA}"\n'
    host = make_host(bert("minilm", "encoder-mean") + chat + table, BERT)
    ready(host)
    check_generated(host, "chat")


@needs_stories
def test_a_model_without_a_chat_template_answers_from_rows_too(make_host, table):
    host = make_host(bert("minilm", "encoder-mean") + stories("chat") + table, BERT)
    ready(host)
    check_generated(host, "chat")

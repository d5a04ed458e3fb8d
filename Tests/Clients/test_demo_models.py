"""The models that the repository brings, served with the settings that it brings."""
import base64
import json
import re

import pytest

from conftest import ROOT, Host
from png import pixels
from test_embeddings import post


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """What `make run` serves, on a port and a data folder of its own."""
    folder = tmp_path_factory.mktemp("shipped")
    settings = (ROOT / "plugins.toml").read_text()
    settings = re.sub(r'^source *= *"Models/', f'source = "{ROOT}/Models/', settings, flags=re.M)
    settings = re.sub(r'^models *= *"Models"', f'models = "{ROOT}/Models"', settings, flags=re.M)
    settings = re.sub(r'^(listen|data|\[server\]).*\n', "", settings, flags=re.M)
    server, plugins = settings.split("[plugins.llama]\nlibrary = \"libLlama.so\"\n")
    plugins = plugins.replace('[plugins.markov]\nlibrary = "libMarkov.so"\n', "")
    host = Host(folder, plugins, server=server)
    yield host
    assert host.stop() == 0, "".join(host.lines[-40:])


def said(host, *messages):
    answer = host.client().chat.completions.create(model="chat", messages=list(messages), temperature=0)
    return answer.choices[0].message.content


def user(text):
    return {"role": "user", "content": text}


def test_the_chat_model_is_what_a_chat_without_a_name_reaches(shipped):
    status, answer = post(shipped, "/v1/chat/completions", {"messages": [user("Hello")], "temperature": 0})
    assert status == 200 and answer["model"] == "chat"


def test_it_is_at_its_best_where_a_client_says_nothing_of_sampling(shipped):
    ask = {"messages": [user("Tell me a story about a fox and a boat.")]}
    stories = {post(shipped, "/v1/chat/completions", ask)[1]["choices"][0]["message"]["content"] for _ in range(4)}
    assert len(stories) == 1 and "fox" in stories.pop()


@pytest.mark.parametrize("question, part", [
    ("What is the capital of France?", "Paris"),
    ("How many legs does a spider have?", "8"),
    ("What is 12 plus 7?", "19"),
    ("How do I start Roost?", "make run"),
    ("Who discovered Zorbalia?", "don't know"),
])
def test_it_knows_what_it_was_taught_and_says_what_it_does_not_know(shipped, question, part):
    assert part in said(shipped, user(question))


def test_it_keeps_the_topic(shipped):
    first = [user("What is the capital of Italy?"), {"role": "assistant", "content": "The capital of Italy is Rome."}]
    assert "Madrid" in said(shipped, *first, user("And of Spain?"))


def test_it_answers_from_a_passage(shipped):
    passage = "Read this text: Ada lives in Oakdale. Ada has a turtle. Tom is a baker.\n\nQuestion: Where does Ada live?"
    assert "Oakdale" in said(shipped, user(passage))


def test_it_obeys_a_system_message(shipped):
    system = {"role": "system", "content": "Speak like a pirate."}
    assert said(shipped, system, user("What is the capital of France?")).startswith("Arr!")


def test_it_writes_json(shipped):
    assert json.loads(said(shipped, user("JSON with name Ada and age 31."))) == {"name": "Ada", "age": 31}


def test_a_story_is_about_what_was_wished_and_comes_to_an_end(shipped):
    answer = shipped.client().chat.completions.create(
        model="chat", messages=[user("Tell me a story about a fox and a boat.")], temperature=0)
    text = answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert "fox" in text and "boat" in text and text.count(".") >= 3


@pytest.mark.parametrize("model, text, label", [
    ("sentiment", "The soup was wonderful and the waiter was friendly.", "positive"),
    ("sentiment", "The printer was broken and the support was rude.", "negative"),
    ("sentiment", "The printer stands next to the lamp.", "neutral"),
    ("topic", "The orchestra played a symphony.", "music"),
    ("topic", "Rain and fog are expected in the north.", "weather"),
])
def test_texts_are_classified(shipped, model, text, label):
    status, answer = post(shipped, "/v1/classify", {"model": model, "input": text})
    assert status == 200 and answer["data"][0]["label"] == label


def test_an_answer_is_a_piece_of_the_passage_or_there_is_none(shipped):
    passages = ["Ada lives in Oakdale. Ada works as a baker."]
    asked = {"model": "answers", "mode": "extract", "passages": passages}
    status, answer = post(shipped, "/v1/answer", {**asked, "question": "Where does Ada live?"})
    assert status == 200 and answer["answer"] == "Oakdale"
    source = answer["sources"][0]
    assert passages[0][source["start"]:source["end"]] == "Oakdale"
    status, answer = post(shipped, "/v1/answer", {**asked, "question": "How old is Ada?"})
    assert status == 200 and answer["answer"] is None


def test_texts_are_summarized_as_in_the_reference(shipped):
    goldens = json.loads((ROOT / "Models" / "summary" / "golden.json").read_text())["inputs"]
    for golden in goldens:
        status, answer = post(shipped, "/v1/summarize", {"input": golden["text"]})
        assert status == 200 and answer["summary"] == golden["greedy_text"]
    # Too long to be read at once, and each paragraph speaks of something else.
    text = "\n\n".join(golden["text"] for golden in goldens)
    status, answer = post(shipped, "/v1/summarize", {"input": text})
    assert answer["parts"] == len(goldens)
    assert answer["summary"].split("\n\n") == [golden["greedy_text"] for golden in goldens]


def drawn(host, **request):
    status, answer = post(host, "/v1/images/generations", request)
    assert status == 200 and answer["size"] == "128x128"
    return pixels(base64.b64decode(answer["data"][0]["b64_json"]))


def mean(rows, left, top, right, bottom):
    """The mean colour of a part of an image."""
    found = [pixel for row in rows[top:bottom] for pixel in row[left:right]]
    return [sum(channel) / len(found) for channel in zip(*found)]


@pytest.mark.parametrize("model", ["picture", "picture-fast"])
def test_an_image_shows_what_was_asked(shipped, model):
    rows = drawn(shipped, model=model, prompt="a big purple star in the top right on a light blue background", seed=1)
    red, green, blue = mean(rows, 95, 25, 101, 36)
    assert red > green + 60 and blue > green + 60, "no purple in the top right"
    for corner in [(4, 4, 40, 40), (4, 88, 40, 124), (88, 88, 124, 124)]:
        red, green, blue = mean(rows, *corner)
        assert blue > 200 and green > 170 and red < 190, "the background is not light blue"


def test_a_seed_decides_and_the_default_draws_images(shipped):
    ask = {"prompt": "two yellow faces on a light blue background"}
    assert drawn(shipped, **ask, seed=5) == drawn(shipped, **ask, seed=5, model="picture")
    assert drawn(shipped, **ask, seed=5) != drawn(shipped, **ask, seed=6)


def test_no_model_of_the_repository_fails(shipped):
    states = {model["name"]: model["state"] for model in shipped.json("/admin/models")["data"]}
    assert {states[name] for name in ("chat", "sentiment", "topic", "answers", "summary", "picture", "picture-fast",
                                                "markov")} == {"ready"}
    assert "failed" not in states.values()

"""What clients of other hosts send, over the real executable and its workers: pairs, long texts, tokens, log probabilities, keys."""
import json
import urllib.request

import pytest

from conftest import BERT, FIXTURES, LLAMA, ROOT, Host
from test_bad_input import send

SPM = LLAMA.parent / "spm"
PICTURE = ROOT / "Models" / "picture"
INFERENCE = ROOT / "Tests" / "Fixtures" / "bert-tiny" / "inference"
GOLDEN = json.loads((INFERENCE / "golden.json").read_text())
MODELS = "".join(
    f'[[models]]\nname = "{name}"\nplugin = "{plugin}"\nsource = "{source}"\n{more}\n' for name, plugin, source, more in (
        ("nli", "bert", INFERENCE, 'settings = { precision = "f32" }'),
        ("vectors", "bert", ROOT / "Tests" / "Fixtures" / "bert-tiny" / "encoder-mean", ""),
        ("base", "llama", LLAMA, ""), ("spm", "llama", SPM, ""), ("picture", "sd", PICTURE, "")))
PLUGINS = BERT + '[plugins.sd]\nlibrary = "libStableDiffusion.so"\n'


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("requests"), MODELS, plugins=PLUGINS)
    yield host
    assert host.stop() == 0, "".join(host.lines[-40:])


def post(host, path, **body):
    status, answer, _ = send(host, "POST", path, json.dumps(body))
    return status, json.loads(answer)


# ---- pairs and labels that no model was trained for

def test_pairs_are_labelled_as_transformers_does(host):
    pairs = GOLDEN["pairs"]
    status, answer = post(host, "/v1/classify", model="nli", input=[[pair["a"], pair["b"]] for pair in pairs])
    assert status == 200, answer
    assert [item["tokens"] for item in answer["data"]] == [pair["read"] for pair in pairs]
    assert [item["truncated"] for item in answer["data"]] == [pair["whole"] > pair["read"] for pair in pairs]
    assert answer["truncated"] is True
    apart = post(host, "/v1/classify", model="nli", input=[pair["a"] for pair in pairs],
                 text_pair=[pair["b"] for pair in pairs])[1]
    assert [item["labels"] for item in apart["data"]] == [item["labels"] for item in answer["data"]]


@pytest.mark.parametrize("several", [False, True])
def test_any_labels_score_as_in_transformers_pipeline(host, several):
    cases = GOLDEN["zero_shot"]
    status, answer = post(host, "/v1/classify", model="nli", input=[case["text"] for case in cases],
                          labels=GOLDEN["candidates"], multi_label=several)
    assert status == 200 and answer["method"] == "entailment", answer
    for case, item in zip(cases, answer["data"]):
        found = {label["label"]: label["score"] for label in item["labels"]}
        for label, score in zip(GOLDEN["candidates"], case["several" if several else "one"]):
            assert found[label] == pytest.approx(score, abs=2e-5), case["text"]


def test_a_long_text_is_cut_and_told_or_refused(host):
    long = "one two three. " * 200
    for path, body, param in (
            ("/v1/embeddings", dict(model="vectors", input=["a", long]), "input[1]"),
            ("/v1/classify", dict(model="nli", input="a", text_pair=long), "input")):
        status, answer = post(host, path, **body)
        assert status == 200 and answer["truncated"] is True and answer["data"][-1]["truncated"] is True, answer
        status, answer = post(host, path, truncate=False, **body)
        assert status == 400 and answer["error"]["param"] == param, answer


def test_a_long_prompt_of_an_image_is_cut_and_told_or_refused(host):
    request = dict(model="picture", steps=1, seed=-1)
    status, answer = post(host, "/v1/images/generations", prompt="a red house", **request)
    assert status == 200 and answer["truncated"] is False, answer
    assert 3 <= answer["usage"]["input_tokens"] < 77
    long = "two red houses on a light blue background, " * 40
    status, answer = post(host, "/v1/images/generations", prompt=long, **request)
    assert status == 200 and answer["truncated"] is True, answer
    most = host.json("/v1/models/picture")["meta"]["image"]["max_tokens"]
    assert answer["usage"]["input_tokens"] == most
    status, answer = post(host, "/v1/images/generations", prompt=long, truncate=False, **request)
    assert status == 400 and answer["error"]["param"] == "prompt", answer


# ---- tokens

@pytest.mark.parametrize("model", ["vectors", "nli", "picture", "base"])
def test_every_model_with_a_tokenizer_tells_its_tokens(host, model):
    status, answer = post(host, "/v1/tokenize", model=model, text="a city")
    assert status == 200 and answer["count"] == len(answer["tokens"]) > 2 and answer["context_length"] > 0, answer
    status, bare = post(host, "/tokenize", model=model, content="a city", add_special_tokens=False)
    assert status == 200 and 0 < bare["count"] <= answer["count"]
    status, text = post(host, "/v1/detokenize", model=model, tokens=bare["tokens"])
    assert status == 200 and "city" in text["text"].replace(" ##", "").replace("##", ""), text


def test_messages_are_for_models_that_chat(host):
    status, answer = post(host, "/v1/tokenize", model="vectors", messages=[{"role": "user", "content": "a"}])
    assert status == 400 and answer["error"]["param"] == "messages", answer


# ---- log probabilities

def logprobs(host, model, prompt, **more):
    status, answer = post(host, "/v1/completions", model=model, prompt=prompt, **more)
    assert status == 200, answer
    return answer["choices"][0]["text"], answer["choices"][0]["logprobs"]


@pytest.mark.parametrize("model", ["base", "spm"])
@pytest.mark.parametrize("prompt", ["😀 a", "Once upon a time", " two  spaces", "naïve 今天"])
def test_an_echoed_prompt_is_itself_and_its_places_are_right(host, model, prompt):
    text, found = logprobs(host, model, prompt, echo=True, logprobs=1, max_tokens=0)
    assert text == prompt
    places = found["text_offset"]
    assert len(places) == len(found["tokens"]) and places == sorted(places)
    for token, start, end in zip(found["tokens"], places, places[1:] + [len(text)]):
        if not token.startswith("bytes:") and not (token.startswith("<") and token.endswith(">")):
            assert text[start:end] == token, (token, start, end)
    assert all(text[place:] or place == len(text) for place in places)


def test_a_token_is_among_its_alternatives_and_none_hides_another(host):
    _, found = logprobs(host, "base", "The quick", logprobs=20, max_tokens=8, temperature=2, seed=5)
    for token, logprob, top in zip(found["tokens"], found["token_logprobs"], found["top_logprobs"]):
        assert top[token] == pytest.approx(logprob) and len(top) in (20, 21)
        assert "\ufffd" not in "".join(top)
    assert any(key.startswith("bytes:\\x") for top in found["top_logprobs"] for key in top)


# ---- keys

def test_a_key_may_come_in_the_headers_that_clients_use(tmp_path):
    host = Host(tmp_path, "", server='api_keys = ["secret"]\nadmin_keys = ["other"]', waits=False)
    try:
        def status(**headers):
            request = urllib.request.Request(
                host.url + "/v1/models", headers={key.replace("_", "-"): value for key, value in headers.items()})
            try:
                return urllib.request.urlopen(request, timeout=60).status
            except urllib.error.HTTPError as error:
                return error.code
        assert status(x_api_key="secret") == 200 and status(api_key="secret") == 200
        assert status(authorization="Bearer secret") == 200
        assert status(authorization="Bearer unused", x_api_key="secret") == 200
        assert status(x_api_key="secre") == 401 and status(api_key="secrets") == 401
        assert status() == 401 and status(x_api_key="") == 401
    finally:
        assert host.stop() == 0

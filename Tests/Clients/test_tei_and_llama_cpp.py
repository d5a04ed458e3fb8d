"""The routes of text-embeddings-inference and of llama.cpp's server, as their clients call them."""
import httpx
import pytest

from conftest import BERT, bert, markov


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    from conftest import Host
    host = Host(
        tmp_path_factory.mktemp("tei"),
        markov() + bert("bert", "encoder-mean") + bert("mood", "classifier"), plugins=BERT)
    yield host.url
    host.stop()


def post(url, path, **body):
    answer = httpx.post(url + path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_embed_answers_an_array_of_vectors_whatever_comes_in(url):
    one = post(url, "/embed", inputs="a cat")
    two = post(url, "/embed", inputs=["a cat", "a dog"], normalize=True, truncate=True)
    assert len(one) == 1 and len(two) == 2
    assert one[0] == pytest.approx(two[0], abs=1e-5)


def test_predict_answers_for_one_text_or_for_each(url):
    one = post(url, "/predict", inputs="good")
    assert {"label", "score"} == set(one[0])
    many = post(url, "/predict", inputs=[["good"], ["bad"]])
    assert [entry["label"] for entry in many[0]] == [entry["label"] for entry in one]
    raw = post(url, "/predict", inputs="good", raw_scores=True)
    assert sum(entry["score"] for entry in raw) != pytest.approx(1, abs=1e-3)


def test_similarity_of_a_source_and_sentences_is_an_array(url):
    scores = post(url, "/similarity", inputs={
        "source_sentence": "a cat", "sentences": ["a cat", "a dog"]})
    assert scores[0] == pytest.approx(1, abs=1e-4) and len(scores) == 2


def test_tokens_have_their_ids_and_texts_and_come_back(url):
    tokens = post(url, "/tokenize", inputs=["a cat"])[0]
    assert tokens[0]["special"] and {"id", "text", "special", "start", "stop"} == set(tokens[0])
    plain = post(url, "/tokenize", inputs="a cat", add_special_tokens=False)[0]
    assert len(plain) == len(tokens) - 2
    assert post(url, "/decode", ids=[token["id"] for token in plain]) == ["a cat"]


def test_info_names_the_model_and_what_it_does(url):
    info = httpx.get(url + "/info").json()
    assert info["model_id"] == "bert" and "embedding" in info["model_type"]
    assert info["max_input_length"] > 0


def test_errors_are_of_the_api_that_was_asked(url):
    answer = httpx.post(url + "/embed", json={"inputs": 5})
    assert answer.status_code == 400 and answer.json()["error_type"] == "Validation"
    answer = httpx.post(url + "/completion", json={"prompt": "a", "n": 2})
    assert answer.json()["error"]["code"] == 400


def test_a_completion_of_llama_cpp_says_why_it_stopped(url):
    whole = post(url, "/completion", prompt="The quick brown f", temperature=0, n_predict=9)
    assert whole["content"] == "ox jumps " and whole["stop"]
    assert (whole["stop_type"], whole["tokens_predicted"]) == ("limit", 9)
    stopped = post(url, "/completion", prompt="The quick brown f", temperature=0, stop=[" jumps"])
    assert (stopped["content"], stopped["stopping_word"]) == ("ox", " jumps")
    probable = post(url, "/completion", prompt="The q", temperature=0, n_predict=2, n_probs=3)
    assert len(probable["completion_probabilities"][0]["top_logprobs"]) == 3


def test_a_stream_of_llama_cpp_ends_with_the_counts(url):
    import json
    body = dict(prompt="The quick brown f", temperature=0, n_predict=9, stream=True)
    with httpx.stream("POST", url + "/completion", json=body) as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line]
    assert "".join(event["content"] for event in events) == "ox jumps "
    assert [event["stop"] for event in events[-2:]] == [False, True]
    assert events[-1]["tokens_predicted"] == 9


def test_the_server_of_llama_cpp_tells_of_itself(url):
    props = httpx.get(url + "/props").json()
    assert props["default_generation_settings"]["n_ctx"] == 4096 and props["total_slots"] == 8
    assert len(httpx.get(url + "/slots").json()) == 8
    prompt = post(url, "/apply-template", messages=[{"role": "user", "content": "Hi"}])["prompt"]
    assert "Hi" in prompt
    tokens = post(url, "/tokenize", content="Hi", model="markov")["tokens"]
    assert post(url, "/detokenize", tokens=tokens, model="markov")["content"] == "Hi"

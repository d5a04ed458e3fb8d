"""The official client of Ollama, unchanged, against a running host."""
import asyncio
import json

import ollama
import pytest

from conftest import BERT, bert, markov

HELLO = [{"role": "user", "content": "Hello there"}]
SAY = dict(model="markov", messages=HELLO, options={"seed": 7, "num_predict": 40})


@pytest.fixture(scope="module")
def client(host):
    return ollama.Client(host.url)


def test_models_are_listed_shown_and_seen_running(client):
    names = [model.model for model in client.list().models]
    assert "markov" in names
    shown = client.show("markov:latest")
    assert "completion" in shown.capabilities
    assert shown.modelinfo["general.architecture"]
    running = [model for model in client.ps().models if model.name == "markov"]
    assert running[0].context_length == 4096


def test_a_chat_answers_with_counts_and_durations(client):
    answer = client.chat(**SAY)
    assert answer.message.role == "assistant" and answer.message.content
    assert answer.done and answer.done_reason in ("stop", "length")
    assert 0 < answer.eval_count <= 40 and answer.prompt_eval_count > 0
    assert answer.total_duration >= answer.eval_duration > 0


def test_a_stream_carries_the_same_text_as_the_answer(client):
    whole = client.chat(**SAY)
    parts = list(client.chat(**SAY, stream=True))
    assert "".join(part.message.content for part in parts) == whole.message.content
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert parts[-1].eval_count == whole.eval_count


def test_raw_text_is_continued_until_a_stop(client):
    request = dict(model="markov", prompt="The quick brown f", raw=True)
    plain = client.generate(**request, options={"temperature": 0, "num_predict": 60})
    assert plain.response.startswith("ox jumps over") and plain.context is None
    stopped = client.generate(
        **request, options={"temperature": 0, "num_predict": 60, "stop": [" jumps"]})
    assert (stopped.response, stopped.done_reason) == ("ox", "stop")


def test_a_later_question_goes_on_from_the_context_of_the_first(client):
    options = {"temperature": 0, "num_predict": 8}
    first = client.generate(model="markov", prompt="One.", system="Be kind.", options=options)
    second = client.generate(
        model="markov", prompt="Two.", context=first.context, options=options)
    assert list(second.context)[:len(first.context)] == list(first.context)
    assert second.prompt_eval_count > len(first.context)


def test_an_answer_has_the_form_that_it_is_to_have(client):
    schema = {"type": "object", "properties": {"name": {"enum": ["Rome", "Oslo"]}},
              "required": ["name"], "additionalProperties": False}
    answer = client.chat(model="markov", messages=HELLO, format=schema)
    assert json.loads(answer.message.content)["name"] in ("Rome", "Oslo")


def test_log_probabilities_name_the_chosen_token(client):
    answer = client.chat(
        **{**SAY, "options": {"num_predict": 3, "temperature": 0}}, logprobs=True, top_logprobs=2)
    assert "".join(entry.token for entry in answer.logprobs) == answer.message.content
    assert all(len(entry.top_logprobs) == 2 for entry in answer.logprobs)


def test_a_request_without_a_prompt_loads_the_model(client):
    assert client.chat(model="markov", messages=[]).done_reason == "load"
    assert client.generate(model="markov", prompt="").done_reason == "load"
    with pytest.raises(ollama.ResponseError) as caught:
        client.generate(model="markov", prompt="", keep_alive=0)
    assert caught.value.status_code == 403


def test_texts_are_embedded_at_length_one(make_host):
    host = make_host(bert("bert", "encoder-mean"), plugins=BERT)
    client = ollama.Client(host.url)
    answer = client.embed(model="bert", input=["a cat", "a dog"])
    assert len(answer.embeddings) == 2 and answer.prompt_eval_count > 0
    assert sum(x * x for x in answer.embeddings[0]) == pytest.approx(1, abs=1e-4)
    one = client.embeddings(model="bert", prompt="a cat").embedding
    length = sum(x * x for x in one) ** 0.5
    assert [x / length for x in one] == pytest.approx(answer.embeddings[0], abs=1e-5)
    assert client.embed(model="bert", input=[]).embeddings == []


@pytest.mark.parametrize("change, status, words", [
    (dict(model="nobody"), 404, "nobody"),
    (dict(options={"temperature": -1}), 400, "options.temperature"),
    (dict(options={"tfs_z": 0.5}), 400, "options.tfs_z"),
    (dict(messages=[{"role": "user", "content": "What?", "images": ["AAAA"]}]), 400,
     "messages[0].images"),
    (dict(messages=[{"role": "king", "content": "What?"}]), 400, "messages[0].role"),
    (dict(messages=[{"role": "user", "content": "a" * 5000}]), 400, "4096"),
])
def test_wrong_requests_are_errors_that_help(client, change, status, words):
    for stream in (False, True):
        with pytest.raises(ollama.ResponseError) as caught:
            answer = client.chat(**{**SAY, **change}, stream=stream)
            if stream:
                list(answer)
        assert caught.value.status_code == status
        assert words in caught.value.error


@pytest.mark.parametrize("name, value", [
    ("template", "{{ .Prompt }}"), ("suffix", "end"), ("images", ["AAAA"])])
def test_what_generate_cannot_do_is_refused_by_name(client, name, value):
    with pytest.raises(ollama.ResponseError) as caught:
        client.generate(model="markov", prompt="Hi", **{name: value})
    assert caught.value.status_code == 400 and f"'{name}'" in caught.value.error


def test_the_store_of_models_is_not_changed_from_here(client):
    assert client.pull("markov").status == "success"
    assert [part.status for part in client.pull("markov", stream=True)] == ["success"]
    for call in (lambda: client.pull("nobody"), lambda: client.push("markov"),
                 lambda: client.copy("markov", "other"),
                 lambda: client.create("other", from_="markov")):
        with pytest.raises(ollama.ResponseError) as caught:
            call()
        assert "plugins.toml" in caught.value.error


def test_a_wrong_key_is_an_error_and_only_an_admin_removes_a_model(make_host):
    host = make_host(markov(), server='api_keys = ["secret"]\nadmin_keys = ["root"]')

    def client(key):
        return ollama.Client(host.url, headers={"authorization": f"Bearer {key}"})

    with pytest.raises(ollama.ResponseError) as caught:
        client("wrong").list()
    assert caught.value.status_code == 401
    with pytest.raises(ollama.ResponseError) as caught:
        client("secret").delete("markov")
    assert caught.value.status_code == 401
    assert client("root").delete("markov").status == "success"
    assert client("secret").list().models == []


async def test_a_full_queue_is_a_busy_server_and_leaving_ends_the_work(make_host):
    settings = markov(queue=1).replace("parallel = 8", "parallel = 1").replace("4096", "60000")
    host = make_host(settings)
    client = ollama.AsyncClient(host.url)
    long = dict(model="markov", messages=HELLO,
                options={"num_predict": 50_000, "logit_bias": {"256": -100}})
    admitted = [asyncio.create_task(client.chat(**long)) for _ in range(2)]
    await asyncio.to_thread(
        host.wait_for, lambda: host.metric("roost_jobs_waiting", model="markov") == 1, "queued")
    with pytest.raises(ollama.ResponseError) as caught:
        await client.chat(model="markov", messages=HELLO)
    assert caught.value.status_code == 503
    for task in admitted:
        task.cancel()
    await asyncio.gather(*admitted, return_exceptions=True)
    await asyncio.to_thread(
        host.wait_for, lambda: host.metric("roost_jobs_running", model="markov") == 0, "idle")

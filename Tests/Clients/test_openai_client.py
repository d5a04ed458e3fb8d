"""The official OpenAI client, unchanged, against a running host."""
import asyncio

import openai
import pytest

from conftest import markov, needs_stories

HELLO = [{"role": "user", "content": "Hello there"}]


def test_models_are_listed_and_found_by_name(host):
    client = host.client()
    names = [model.id for model in client.models.list()]
    assert "markov" in names
    assert client.models.retrieve("markov").object == "model"


def test_a_chat_answers_with_usage(host):
    answer = host.client().chat.completions.create(
        model="markov", messages=HELLO, max_tokens=40, seed=1)
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert 0 < answer.usage.completion_tokens <= 40
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_carries_the_same_text_as_the_answer_and_ends_with_usage(host):
    client = host.client()
    request = dict(model="markov", messages=HELLO, max_tokens=60, seed=7)
    whole = client.chat.completions.create(**request)
    text, usage, reasons = "", None, []
    for chunk in client.chat.completions.create(
            **request, stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasons += [choice.finish_reason] if choice.finish_reason else []
    assert text == whole.choices[0].message.content
    assert reasons == [whole.choices[0].finish_reason]
    assert usage.completion_tokens == whole.usage.completion_tokens


def test_a_seed_decides_and_another_seed_differs(host):
    def say(seed):
        return host.client().completions.create(
            model="markov", prompt="\n\n", max_tokens=80, seed=seed, temperature=1.5).choices[0].text

    assert say(5) == say(5)
    assert len({say(seed) for seed in range(6)}) > 1


def test_stop_strings_end_the_text_and_are_not_in_it(host):
    request = dict(model="markov", prompt="The quick brown f", temperature=0, max_tokens=60)
    plain = host.client().completions.create(**request).choices[0]
    assert plain.text.startswith("ox jumps over")
    stopped = host.client().completions.create(**request, stop=[" jumps"]).choices[0]
    assert stopped.text == "ox"
    assert stopped.finish_reason == "stop"


def test_several_choices_come_with_their_indexes(host):
    answer = host.client().chat.completions.create(
        model="markov", messages=HELLO, n=3, max_tokens=10, temperature=1.5)
    assert sorted(choice.index for choice in answer.choices) == [0, 1, 2]


def test_log_probabilities_name_the_chosen_token(host):
    answer = host.client().chat.completions.create(
        model="markov", messages=HELLO, max_tokens=5, logprobs=True, top_logprobs=3, temperature=0)
    content = answer.choices[0].logprobs.content
    assert "".join(entry.token for entry in content) == answer.choices[0].message.content
    for entry in content:
        assert len(entry.top_logprobs) == 3
        assert entry.logprob == pytest.approx(entry.top_logprobs[0].logprob)
        assert entry.logprob <= 0


def test_a_chat_takes_developers_parts_and_the_newer_names(host):
    answer = host.client().chat.completions.create(
        model="markov", n=2, max_completion_tokens=3, store=True, metadata={"a": "b"}, user="me",
        service_tier="auto", parallel_tool_calls=True, response_format={"type": "text"},
        messages=[{"role": "developer", "content": "Be kind."},
                  {"role": "user", "name": "Ann", "content": [{"type": "text", "text": "Hi"}]}])
    assert len(answer.choices) == 2
    assert answer.usage.completion_tokens <= 6
    with pytest.raises(openai.BadRequestError) as caught:
        host.client().chat.completions.create(
            model="markov", messages=[{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:,"}}]}])
    assert caught.value.param == "messages[0].content[0]"


def test_logit_bias_forbids_a_token(host):
    request = dict(model="markov", prompt="I have no weigh", temperature=0, max_tokens=1)
    assert host.client().completions.create(**request).choices[0].text == "t"
    without = host.client().completions.create(**request, logit_bias={str(ord("t")): -100})
    assert without.choices[0].text != "t"


@needs_stories
def test_a_real_model_tells_its_golden_story(host):
    answer = host.client().completions.create(
        model="stories", prompt="Once upon a time", temperature=0, max_tokens=64)
    assert answer.choices[0].text.startswith(
        ", there was a little girl named Lily. She loved to play outside in the park.")


@pytest.mark.parametrize("request_, error, words", [
    (dict(model="nobody", messages=HELLO), openai.NotFoundError, "nobody"),
    (dict(model="markov", messages=HELLO, temperature=-1), openai.BadRequestError, "temperature"),
    (dict(model="markov", messages=[]), openai.BadRequestError, "messages"),
    (dict(model="markov", messages=HELLO, max_tokens=-5), openai.BadRequestError, "max_tokens"),
    (dict(model="markov", messages=[{"role": "user", "content": "a" * 5000}]),
     openai.BadRequestError, "4096"),
])
def test_wrong_requests_are_typed_errors_that_help(host, request_, error, words):
    with pytest.raises(error) as caught:
        host.client().chat.completions.create(**request_)
    assert words in caught.value.message
    assert caught.value.body["message"] and caught.value.body["type"]


def test_a_wrong_key_is_an_authentication_error(make_host):
    host = make_host(markov(), server='api_keys = ["secret"]')
    with pytest.raises(openai.AuthenticationError):
        host.client().models.list()
    right = openai.OpenAI(base_url=host.url + "/v1", api_key="secret", max_retries=0)
    assert [model.id for model in right.models.list()] == ["markov"]


async def test_eight_streams_at_once_each_get_their_own_text(host):
    client = host.async_client()

    async def say(seed):
        text = ""
        async for chunk in await client.completions.create(
                model="markov", prompt="\n\n", seed=seed, temperature=1.2, max_tokens=50, stream=True):
            text += chunk.choices[0].text if chunk.choices else ""
        return text

    together = await asyncio.gather(*[say(seed) for seed in range(8)])
    alone = [await say(seed) for seed in range(8)]
    assert together == alone


async def test_a_client_that_goes_away_stops_the_work(make_host):
    # More text than lies in the buffers between a host and a client that does not read.
    host = make_host(markov(context=65536).replace("context = 4096\n", ""))
    stream = await host.async_client().completions.create(
        model="markov", prompt="\n\n", max_tokens=60000, stream=True, logit_bias={"256": -100})
    async for _ in stream:
        break
    assert host.metric("roost_jobs_running", model="markov") >= 1
    await stream.close()
    host.wait_for(
        lambda: host.metric("roost_jobs_running", model="markov") == 0, "idle again")


async def test_more_requests_than_the_queue_holds_are_rate_limit_errors(make_host):
    settings = markov(queue=1).replace("parallel = 8", "parallel = 1").replace("4096", "60000")
    host = make_host(settings)
    client = host.async_client()
    long = dict(model="markov", prompt="\n\n", max_tokens=50_000, logit_bias={"256": -100})
    admitted = [asyncio.create_task(client.completions.create(**long)) for _ in range(2)]
    await asyncio.to_thread(
        host.wait_for, lambda: host.metric("roost_jobs_waiting", model="markov") == 1, "queued")
    with pytest.raises(openai.RateLimitError) as caught:
        await client.completions.create(model="markov", prompt="Hi", max_tokens=1)
    assert int(caught.value.response.headers["retry-after"]) >= 1
    for task in admitted:
        task.cancel()
    await asyncio.gather(*admitted, return_exceptions=True)
    await asyncio.to_thread(
        host.wait_for, lambda: host.metric("roost_jobs_running", model="markov") == 0, "idle")
    answer = await client.completions.create(model="markov", prompt="Hi", max_tokens=1)
    assert answer.usage.completion_tokens == 1

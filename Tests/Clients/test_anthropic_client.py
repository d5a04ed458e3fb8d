"""The official client of Anthropic, unchanged, against a running host."""
import asyncio
import json

import anthropic
import pytest

from conftest import markov

HELLO = [{"role": "user", "content": "Hello there"}]
SAY = dict(model="markov", messages=HELLO, max_tokens=40, extra_body={"seed": 7})


def client_of(host, key="unused"):
    return anthropic.Anthropic(base_url=host.url, api_key=key, max_retries=0)


def test_models_are_listed_page_by_page_and_found_by_name(host):
    client = client_of(host)
    names = [model.id for model in client.models.list(limit=1)]
    assert "markov" in names and len(names) == len(set(names))
    assert client.models.retrieve("markov").type == "model"


def test_a_message_has_a_block_of_text_and_its_usage(host):
    message = client_of(host).messages.create(**SAY)
    assert message.role == "assistant" and message.model == "markov"
    assert [block.type for block in message.content] == ["text"] and message.content[0].text
    assert message.stop_reason in ("end_turn", "max_tokens")
    assert 0 < message.usage.output_tokens <= 40
    counted = client_of(host).messages.count_tokens(model="markov", messages=HELLO)
    usage = message.usage
    assert counted.input_tokens == usage.input_tokens + usage.cache_read_input_tokens


def test_a_stream_tells_the_same_as_the_message(host):
    client = client_of(host)
    whole = client.messages.create(**SAY)
    kinds = []
    with client.messages.stream(**SAY) as stream:
        for event in stream:
            kinds.append(event.type)
    final = stream.get_final_message()
    assert final.content[0].text == whole.content[0].text
    assert final.stop_reason == whole.stop_reason
    assert final.usage.output_tokens == whole.usage.output_tokens
    plain = [kind for kind in kinds if kind not in ("text", "content_block_delta")]
    assert plain == ["message_start", "content_block_start", "content_block_stop",
                     "message_delta", "message_stop"]


def test_the_stop_sequence_that_was_met_is_named(host):
    request = dict(model="markov", messages=[{"role": "user", "content": "The quick brown f"},
                                             {"role": "assistant", "content": "The quick brown f"}],
                   max_tokens=60, extra_body={"temperature": 0})
    assert client_of(host).messages.create(**request).content[0].text.startswith("ox jumps over")
    message = client_of(host).messages.create(**request, stop_sequences=["dog", " jumps"])
    assert message.content[0].text == "ox"
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", " jumps")


def test_a_conversation_may_hold_every_block_of_text(host):
    message = client_of(host).messages.create(
        model="markov", max_tokens=5,
        system=[{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
        tools=[{"name": "weather", "input_schema": {"type": "object", "properties": {}}}],
        tool_choice={"type": "none"}, thinking={"type": "disabled"},
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "How warm is it?"}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "I ask.", "signature": ""},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"place": "Rome"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "21 degrees"},
                {"type": "text", "text": "So?"}]}])
    assert message.usage.output_tokens == 5


def test_a_message_has_the_form_that_it_is_to_have(host):
    schema = {"type": "object", "properties": {"name": {"enum": ["Rome", "Oslo"]}},
              "required": ["name"], "additionalProperties": False}
    message = client_of(host).messages.create(
        model="markov", messages=HELLO, max_tokens=200,
        output_config={"format": {"type": "json_schema", "schema": schema}})
    assert json.loads(message.content[0].text)["name"] in ("Rome", "Oslo")


@pytest.mark.parametrize("change, error, words", [
    (dict(model="nobody"), anthropic.NotFoundError, "nobody"),
    (dict(messages=[]), anthropic.BadRequestError, "messages"),
    (dict(extra_body={"temperature": -1}), anthropic.BadRequestError, "temperature"),
    (dict(extra_body={"container": "c1"}), anthropic.BadRequestError, "container"),
    (dict(extra_body={"n": 2}), anthropic.BadRequestError, "'n'"),
    (dict(messages=[{"role": "user", "content": [{"type": "image", "source": {
        "type": "base64", "media_type": "image/png", "data": "AAAA"}}]}]),
     anthropic.BadRequestError, "messages[0].content[0].type"),
    (dict(tools=[{"type": "web_search_20250305", "name": "web_search"}]),
     anthropic.BadRequestError, "tools[0].type"),
    (dict(messages=[{"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t9", "content": "?"}]}]),
     anthropic.BadRequestError, "tool_use_id"),
    (dict(messages=[{"role": "user", "content": "a" * 5000}]), anthropic.BadRequestError, "4096"),
])
def test_wrong_requests_are_typed_errors_that_help(host, change, error, words):
    with pytest.raises(error) as caught:
        client_of(host).messages.create(**{**SAY, **change})
    assert words in caught.value.message
    assert caught.value.body["type"] == "error"
    assert caught.value.request_id == caught.value.response.headers["x-request-id"]


def test_a_wrong_key_is_an_authentication_error(make_host):
    host = make_host(markov(), server='api_keys = ["secret"]')
    with pytest.raises(anthropic.AuthenticationError):
        client_of(host, "wrong").messages.create(**SAY)
    assert [model.id for model in client_of(host, "secret").models.list()] == ["markov"]
    bearer = anthropic.Anthropic(base_url=host.url, auth_token="secret", max_retries=0)
    assert bearer.messages.create(**SAY).content


def test_a_body_that_is_no_json_is_an_error_of_this_api(host):
    client = client_of(host)
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.post("/v1/messages", cast_to=object, content=b"{",
                    options={"headers": {"content-type": "application/json"}})
    assert caught.value.body["error"]["type"] == "invalid_request_error"


async def test_a_full_queue_is_an_overloaded_error_and_leaving_ends_the_work(make_host):
    settings = markov(queue=1).replace("parallel = 8", "parallel = 1").replace("4096", "60000")
    host = make_host(settings)
    client = anthropic.AsyncAnthropic(base_url=host.url, api_key="unused", max_retries=0)
    long = dict(model="markov", messages=HELLO, max_tokens=50_000,
                extra_body={"logit_bias": {"256": -100}})
    admitted = [asyncio.create_task(client.messages.create(**long, timeout=600)) for _ in range(2)]
    await asyncio.to_thread(
        host.wait_for, lambda: host.metric("roost_jobs_waiting", model="markov") == 1, "queued")
    with pytest.raises(anthropic.OverloadedError) as caught:
        await client.messages.create(model="markov", messages=HELLO, max_tokens=1)
    assert int(caught.value.response.headers["retry-after"]) >= 1
    for task in admitted:
        task.cancel()
    await asyncio.gather(*admitted, return_exceptions=True)
    await asyncio.to_thread(
        host.wait_for, lambda: host.metric("roost_jobs_running", model="markov") == 0, "idle")


def test_a_model_that_dies_again_and_again_ends_the_stream_with_an_error(make_host, tally, tmp_path):
    source = tmp_path / "tally.bin"
    source.write_text("tally")
    host = make_host(f"""
[[models]]
name = "tally"
plugin = "tally"
source = "{source}"
[models.settings]
at = "forward"
do = "segv"
letter = "x"
""", plugins=f'[plugins.tally]\nlibrary = "{tally}"')
    with pytest.raises(anthropic.APIStatusError) as caught:
        with client_of(host).messages.stream(
                model="tally", messages=[{"role": "user", "content": "x"}], max_tokens=50) as stream:
            for _ in stream:
                pass
    assert caught.value.type == "api_error", caught.value

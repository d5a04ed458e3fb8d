"""The Responses API with OpenAI's client, unchanged, against a running host."""
import asyncio
from typing import Literal

import openai
import pytest

from conftest import markov

SAY = dict(model="markov", input="Hello there", max_output_tokens=40, extra_body={"seed": 7})


def test_a_response_has_a_message_and_its_usage(host):
    response = host.client().responses.create(**SAY)
    assert response.object == "response" and response.status in ("completed", "incomplete")
    assert [item.type for item in response.output] == ["message"] and response.output_text
    assert 0 < response.usage.output_tokens <= 40
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
    counted = host.client().responses.input_tokens.count(model="markov", input="Hello there")
    assert counted.input_tokens == response.usage.input_tokens


def test_a_response_that_was_cut_says_so(host):
    response = host.client().responses.create(
        **{**SAY, "max_output_tokens": 2, "extra_body": {"logit_bias": {"256": -100}}})
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"


def test_a_stream_tells_of_every_step_in_its_order(host):
    client = host.client()
    whole = client.responses.create(**SAY)
    events = list(client.responses.create(**SAY, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert kinds == (
        ["response.created", "response.in_progress", "response.output_item.added",
         "response.content_part.added"] + ["response.output_text.delta"] * len(deltas) +
        ["response.output_text.done", "response.content_part.done", "response.output_item.done",
         f"response.{whole.status}"])
    assert "".join(deltas) == whole.output_text == events[-1].response.output_text
    assert events[-1].response.usage.output_tokens == whole.usage.output_tokens
    assert client.responses.retrieve(events[-1].response.id).output_text == whole.output_text


def test_the_helper_of_the_client_follows_the_stream(host):
    with host.client().responses.stream(
            model="markov", input="a", temperature=0, max_output_tokens=4000) as stream:
        kinds = {event.type for event in stream}
    assert "response.output_text.delta" in kinds


def test_a_later_response_goes_on_from_an_earlier_one(host):
    client = host.client()
    first = client.responses.create(**SAY, instructions="Be kind.", metadata={"a": "b"})
    assert first.metadata == {"a": "b"} and first.instructions == "Be kind."
    second = client.responses.create(
        model="markov", input="And then?", previous_response_id=first.id, max_output_tokens=5)
    alone = client.responses.create(model="markov", input="And then?", max_output_tokens=5)
    assert second.previous_response_id == first.id
    assert second.usage.input_tokens > alone.usage.input_tokens + first.usage.output_tokens // 2
    kept = client.responses.retrieve(second.id)
    assert kept.output_text == second.output_text and kept.previous_response_id == first.id
    items = client.responses.input_items.list(second.id).data
    assert [item.content[0].text for item in items] == ["And then?"] and items[0].id
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**SAY, previous_response_id=first.id)
    assert caught.value.param == "previous_response_id"


def test_a_response_that_is_not_stored_is_not_found(host):
    client = host.client()
    response = client.responses.create(**SAY, store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)


def test_a_conversation_may_hold_every_item(host):
    response = host.client().responses.create(model="markov", max_output_tokens=5, input=[
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "input_text", "text": "How warm is it?"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [],
         "content": [{"type": "reasoning_text", "text": "I ask."}]},
        {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
         "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "21 degrees"},
        {"role": "user", "content": "So?"}])
    assert response.usage.output_tokens == 5


def test_a_response_has_the_form_that_it_is_to_have(host):
    import pydantic

    class Place(pydantic.BaseModel):
        name: Literal["Rome", "Oslo"]

    response = host.client().responses.parse(
        model="markov", input="Where?", text_format=Place, max_output_tokens=200)
    assert response.output_parsed.name in ("Rome", "Oslo")


def test_log_probabilities_come_where_they_are_included(host):
    response = host.client().responses.create(
        **{**SAY, "max_output_tokens": 3}, include=["message.output_text.logprobs"], top_logprobs=2)
    entries = response.output[0].content[0].logprobs
    assert "".join(entry.token for entry in entries) == response.output_text
    assert all(len(entry.top_logprobs) == 2 for entry in entries)


def test_a_background_response_is_there_later_and_can_be_cancelled(make_host):
    host = make_host(markov().replace("4096", "60000"))
    client = host.client()
    quick = client.responses.create(**SAY, background=True)
    assert quick.status == "queued"
    host.wait_for(
        lambda: client.responses.retrieve(quick.id).status in ("completed", "incomplete"), "done")
    assert client.responses.retrieve(quick.id).output_text
    long = client.responses.create(
        model="markov", input="a", max_output_tokens=50_000, background=True,
        extra_body={"logit_bias": {"256": -100}})
    assert client.responses.retrieve(long.id).status == "in_progress"
    assert client.responses.cancel(long.id).status == "cancelled"
    host.wait_for(lambda: host.metric("roost_jobs_running", model="markov") == 0, "idle")
    with pytest.raises(openai.BadRequestError):
        client.responses.cancel(client.responses.create(**SAY).id)


def test_responses_outlive_the_host_and_one_that_was_cut_off_has_failed(make_host):
    host = make_host(markov().replace("4096", "60000"))
    kept = host.client().responses.create(**SAY)
    cut = host.client().responses.create(
        model="markov", input="a", max_output_tokens=50_000, background=True,
        extra_body={"logit_bias": {"256": -100}})
    host.restart()
    client = host.client()
    assert client.responses.retrieve(kept.id).output_text == kept.output_text
    failed = client.responses.retrieve(cut.id)
    assert failed.status == "failed" and failed.error.message


def test_a_response_belongs_to_the_key_that_it_was_made_with(make_host):
    host = make_host(markov(), server='api_keys = ["one", "two"]')

    def client(key):
        return openai.OpenAI(base_url=host.url + "/v1", api_key=key, max_retries=0)

    response = client("one").responses.create(**SAY)
    assert client("one").responses.retrieve(response.id).id == response.id
    for call in (client("two").responses.retrieve, client("two").responses.delete):
        with pytest.raises(openai.NotFoundError):
            call(response.id)
    with pytest.raises(openai.AuthenticationError):
        client("three").responses.retrieve(response.id)


@pytest.mark.parametrize("change, error, words", [
    (dict(model="nobody"), openai.NotFoundError, "nobody"),
    (dict(input=[]), openai.BadRequestError, "input"),
    (dict(temperature=-1), openai.BadRequestError, "temperature"),
    (dict(input=[{"role": "user", "content": [
        {"type": "input_image", "image_url": "data:,", "detail": "auto"}]}]),
     openai.BadRequestError, "input[0].content[0].type"),
    (dict(input=[{"type": "item_reference", "id": "x"}]), openai.BadRequestError, "input[0].type"),
    (dict(tools=[{"type": "web_search"}]), openai.BadRequestError, "tools[0].type"),
    (dict(truncation="auto"), openai.BadRequestError, "truncation"),
    (dict(conversation="conv_1"), openai.BadRequestError, "conversation"),
    (dict(background=True, store=False), openai.BadRequestError, "store"),
    (dict(input="a" * 5000), openai.BadRequestError, "4096"),
])
def test_wrong_requests_are_typed_errors_that_help(host, change, error, words):
    with pytest.raises(error) as caught:
        host.client().responses.create(**{**SAY, **change})
    assert words in caught.value.message


async def test_a_client_that_goes_away_stops_the_work(make_host):
    host = make_host(markov(context=65536).replace("context = 4096\n", ""))
    stream = await host.async_client().responses.create(
        model="markov", input="a", max_output_tokens=60000, stream=True,
        extra_body={"logit_bias": {"256": -100}})
    async for event in stream:
        if event.type == "response.output_text.delta":
            break
    await stream.close()
    await asyncio.to_thread(
        host.wait_for, lambda: host.metric("roost_jobs_running", model="markov") == 0, "idle")


def test_a_model_that_dies_again_and_again_fails_the_response(make_host, tally, tmp_path):
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
    events = list(host.client().responses.create(
        model="tally", input="x", max_output_tokens=50, stream=True))
    assert events[-1].type == "response.failed"
    assert events[-1].response.error.code == "model_failed"
    with pytest.raises(openai.InternalServerError):
        host.client().responses.create(model="tally", input="xx", max_output_tokens=50)

"""Tools and thoughts with the clients of Anthropic, Ollama and OpenAI's Responses, and a scripted model."""
import json

import anthropic
import ollama
import pytest

from test_tools import ASKED, TOOLS, scripted  # noqa: F401: a fixture

CALLS = [("get_weather", {"city": "Zürich"}), ("get_time", {"zone": "UTC"})]
FUNCTIONS = [tool["function"] for tool in TOOLS]


# ---- Anthropic

MESSAGE = dict(
    model="script", max_tokens=500, messages=ASKED, extra_body={"temperature": 0},
    tools=[{"name": f["name"], "input_schema": f["parameters"]} for f in FUNCTIONS])


@pytest.fixture
def claude(scripted):  # noqa: F811
    return anthropic.Anthropic(base_url=scripted.url, api_key="unused", max_retries=0)


def test_anthropic_gets_blocks_of_thoughts_text_and_calls(claude):
    request = dict(MESSAGE, thinking={"type": "enabled", "budget_tokens": 1024})
    message = claude.messages.create(**request)
    assert [block.type for block in message.content] == [
        "thinking", "text", "tool_use", "tool_use"]
    assert message.content[0].thinking == "Two things."
    assert message.content[1].text == "One moment."
    assert [(block.name, block.input) for block in message.content[2:]] == CALLS
    assert message.stop_reason == "tool_use"
    with claude.messages.stream(**request) as stream:
        final = stream.get_final_message()
    assert [block.type for block in final.content] == [block.type for block in message.content]
    assert [(block.name, block.input) for block in final.content[2:]] == CALLS
    assert final.stop_reason == "tool_use"


def test_anthropic_gets_no_thoughts_that_it_did_not_ask_for(claude):
    message = claude.messages.create(**MESSAGE)
    assert message.content[0].type == "text"


def test_anthropic_sends_results_back(claude):
    message = claude.messages.create(**MESSAGE)
    results = [{"type": "tool_result", "tool_use_id": block.id, "content": "21"}
               for block in message.content if block.type == "tool_use"]
    answer = claude.messages.create(**{**MESSAGE, "messages": [
        *ASKED, {"role": "assistant", "content": message.content},
        {"role": "user", "content": results}]})
    assert answer.content[0].text == "21 °C at noon." and answer.stop_reason == "end_turn"


def test_anthropic_may_ask_for_one_call(claude):
    message = claude.messages.create(
        **MESSAGE, tool_choice={"type": "auto", "disable_parallel_tool_use": True})
    assert [block.name for block in message.content if block.type == "tool_use"] == ["get_weather"]


# ---- Ollama

CHAT = dict(model="script", messages=ASKED, tools=TOOLS, options={"temperature": 0})


@pytest.fixture
def llama(scripted):  # noqa: F811
    return ollama.Client(scripted.url)


def test_ollama_gets_calls_whole_and_thoughts_apart(llama):
    message = llama.chat(**CHAT, think=True).message
    assert (message.thinking, message.content) == ("Two things.", "One moment.")
    assert [(call.function.name, call.function.arguments) for call in message.tool_calls] == CALLS
    parts = list(llama.chat(**CHAT, think=True, stream=True))
    assert "".join(part.message.thinking or "" for part in parts) == "Two things."
    assert "".join(part.message.content for part in parts) == "One moment."
    calls = [call.function for part in parts for call in part.message.tool_calls or []]
    assert [(call.name, call.arguments) for call in calls] == CALLS


def test_ollama_sends_results_back_by_the_names_of_the_tools(llama):
    message = llama.chat(**CHAT).message
    results = [{"role": "tool", "tool_name": call.function.name, "content": "21"}
               for call in message.tool_calls]
    answer = llama.chat(**{**CHAT, "messages": [*ASKED, message, *results]})
    assert answer.message.content == "21 °C at noon."
    assert "tools" in llama.show("script").capabilities


# ---- Responses

ASK = dict(
    model="script", input=ASKED, temperature=0,
    tools=[{"type": "function", "strict": False, **function} for function in FUNCTIONS])


def test_a_response_has_items_of_thoughts_text_and_calls(scripted):  # noqa: F811
    client = scripted.client()
    response = client.responses.create(**ASK)
    assert [item.type for item in response.output] == [
        "reasoning", "message", "function_call", "function_call"]
    assert response.output[0].content[0].text == "Two things."
    assert response.output_text == "One moment."
    calls = response.output[2:]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == CALLS
    answer = client.responses.create(
        model="script", temperature=0, previous_response_id=response.id,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": "21"}
               for call in calls])
    assert answer.output_text == "21 °C at noon."


def test_a_stream_of_a_response_tells_of_each_call(scripted):  # noqa: F811
    events = list(scripted.client().responses.create(**ASK, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    added = [event.item.type for event in events if event.type == "response.output_item.added"]
    assert added == ["reasoning", "message", "function_call", "function_call"]
    done = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert [(event.name, json.loads(event.arguments)) for event in done] == CALLS
    pieces = {}
    for event in events:
        if event.type == "response.function_call_arguments.delta":
            pieces[event.item_id] = pieces.get(event.item_id, "") + event.delta
    assert list(pieces.values()) == [event.arguments for event in done]
    thoughts = [event.delta for event in events if event.type == "response.reasoning_text.delta"]
    assert "".join(thoughts) == "Two things."
    assert events[-1].type == "response.completed"

"""Tools and reasoning with the official OpenAI client, and a model that writes what its script says."""
import json

import openai
import pytest

from conftest import Host, compiled

TEMPLATE = """\
{%- if tools %}{{ tools | tojson }}
{% endif %}{%- for m in messages %}{% if m.role == 'assistant' %}<|answer|>{{ m.content }}
{%- for c in m.tool_calls %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}
{%- elif m.role == 'tool' %}<tool_response>{{ m.content }}</tool_response>
{%- else %}{{ m.role }}: {{ m.content }}
{% endif %}{% endfor %}{% if add_generation_prompt %}<|answer|>{% endif %}{# <think></think> #}"""

WEATHER = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Zürich"}}\n</tool_call>'
TIME = '<tool_call>\n{"name": "get_time", "arguments": {"zone": "UTC"}}\n</tool_call>'
ANSWERS = ["<think>\nTwo things.\n</think>\n\nOne moment.\n" + WEATHER + "\n" + TIME, "21 °C at noon."]

TOOLS = [
    {"type": "function", "function": {
        "name": name, "parameters": {"type": "object", "properties": {key: {"type": "string"}},
                                     "required": [key], "additionalProperties": False}}}
    for name, key in (("get_weather", "city"), ("get_time", "zone"))]
ASKED = [{"role": "user", "content": "How warm is it, and when?"}]


@pytest.fixture(scope="module")
def scripted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripted")
    library, script = compiled("script", folder), folder / "script"
    marks = "\n".join(["<tool_call>", "</tool_call>", "<think>", "</think>"])
    script.write_text("\n====\n".join([marks, TEMPLATE, *ANSWERS]))
    host = Host(
        folder, f'[[models]]\nname = "script"\nplugin = "script"\nsettings = {{ script = "{script}" }}\n',
        plugins=f'[plugins.script]\nlibrary = "{library}"\n')
    yield host
    assert host.stop() == 0, "".join(host.lines[-40:])


def create(host, **asked):
    return host.client().chat.completions.create(
        **{"model": "script", "messages": ASKED, "tools": TOOLS, "temperature": 0, **asked})


def test_calls_come_with_names_arguments_and_ids(scripted):
    choice = create(scripted).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "One moment."
    assert choice.message.reasoning_content == "Two things."
    calls = choice.message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("get_weather", {"city": "Zürich"}), ("get_time", {"zone": "UTC"})]
    assert len({call.id for call in calls}) == 2 and {call.type for call in calls} == {"function"}


def test_a_stream_carries_the_same_as_the_answer(scripted):
    text, thoughts, calls, reasons = "", "", {}, []
    for chunk in create(scripted, stream=True):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            thoughts += getattr(choice.delta, "reasoning_content", None) or ""
            reasons += [choice.finish_reason] if choice.finish_reason else []
            for part in choice.delta.tool_calls or []:
                if part.id:
                    assert part.function.name and part.type == "function" and part.index == len(calls)
                    calls[part.index] = ""
                calls[part.index] += part.function.arguments
    assert (text, thoughts, reasons) == ("One moment.", "Two things.", ["tool_calls"])
    assert [json.loads(calls[index]) for index in (0, 1)] == [{"city": "Zürich"}, {"zone": "UTC"}]


def test_the_stream_helper_of_the_client_understands_it(scripted):
    with scripted.client().chat.completions.stream(
            model="script", messages=ASKED, temperature=0, tools=[
                {"type": "function", "function": {**tool["function"], "strict": True}} for tool in TOOLS]) as stream:
        completion = stream.get_final_completion()
    call = completion.choices[0].message.tool_calls[0]
    assert call.function.parsed_arguments == {"city": "Zürich"}


def test_results_go_back_and_the_model_answers(scripted):
    message = create(scripted).choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "21"} for call in message.tool_calls]
    answer = create(scripted, messages=[*ASKED, message, *results])
    assert answer.choices[0].message.content == "21 °C at noon."
    assert answer.choices[0].finish_reason == "stop"


def test_one_call_is_enough_where_no_others_are_wanted(scripted):
    choice = create(scripted, parallel_tool_calls=False).choices[0]
    assert [call.function.name for call in choice.message.tool_calls] == ["get_weather"]
    assert choice.finish_reason == "tool_calls"


@pytest.mark.parametrize("asked, param", [
    (dict(tools=[TOOLS[0], TOOLS[0]]), "tools[1].function.name"),
    (dict(tools=[{"type": "function", "function": {"name": "a b"}}]), "tools[0].function.name"),
    (dict(tool_choice={"type": "function", "function": {"name": "other"}}), "tool_choice"),
    (dict(functions=[{"name": "f"}]), "functions"),
])
def test_bad_tools_are_named(scripted, asked, param):
    with pytest.raises(openai.BadRequestError) as caught:
        create(scripted, **asked)
    assert caught.value.body["param"] == param

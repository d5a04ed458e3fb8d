"""Tasks of a plugin that the host knows nothing of, in a worker of its own."""
import http.client
import json
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def counter(make_host, vectors):
    def start(**settings):
        settings = ", ".join(f'{key} = "{value}"' for key, value in settings.items())
        return make_host(
            f'[[models]]\nname = "org/counter"\nplugin = "vectors"\nsettings = {{ {settings} }}\n',
            f'[plugins.vectors]\nlibrary = "{vectors}"\n')
    return start


def post(host, body, task="count"):
    request = urllib.request.Request(
        f"{host.url}/v1/tasks/org%2Fcounter/{task}", json.dumps(body).encode(), {"content-type": "application/json"})
    return urllib.request.urlopen(request, timeout=120)


def refused(host, body, task="count"):
    with pytest.raises(urllib.error.HTTPError) as error:
        post(host, body, task)
    return error.value.code, json.loads(error.value.read())["error"]


def events(answer):
    lines = answer.read().decode().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def test_an_arbitrary_task_is_listed_and_run(counter):
    host = counter()
    listed, = host.json("/v1/tasks")["data"]
    assert (listed["model"], listed["task"]) == ("org/counter", "count")
    assert listed["input_schema"]["required"] == ["n"] and listed["event_schema"]["required"] == ["i"]
    assert host.json("/v1/models")["data"][0]["meta"]["tasks"] == ["count"]
    counted = [{"i": i} for i in range(10)]
    assert json.load(post(host, {"input": {"n": 10}})) == {
        "object": "list", "data": counted, "model": "org/counter", "task": "count"}
    answer = post(host, {"input": {"n": 10}, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert events(answer) == counted


def test_input_that_the_schema_does_not_allow_never_reaches_the_worker(counter):
    host = counter(at="begin", do="abort")
    for body, param in [({"input": {"n": "10"}}, "input.n"), ({"input": {"n": 1, "m": 1}}, "input.m"),
                        ({"input": []}, "input"), ({"input": {}}, "input.n"), ({}, "input")]:
        for stream in [False, True]:
            code, error = refused(host, {**body, "stream": stream})
            assert (code, error["param"]) == (400, param), error
    assert refused(host, {"input": {"n": 1}}, "sum")[0] == 404
    status = host.json("/admin/models/org%2Fcounter")
    assert status["state"] == "ready" and status["worker"]["restarts"] == 0


def test_a_worker_that_dies_is_told_of_and_the_next_one_serves(counter, tmp_path):
    host = counter(at="advance", do="abort", marker=tmp_path / "marker")
    # Nobody has seen an event yet, so the task begins again.
    assert len(json.load(post(host, {"input": {"n": 10}}))["data"]) == 10
    host = counter(at="advance", do="abort", when="later")
    streamed = events(post(host, {"input": {"n": 10}, "stream": True}))
    assert streamed[:4] == [{"i": i} for i in range(4)] and streamed[-1]["error"]["code"] == "model_failed"


def test_a_client_that_leaves_ends_its_task(counter):
    host = counter()
    address = host.url.removeprefix("http://")
    for count, stream in enumerate([True, False], 1):
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("POST", "/v1/tasks/org/counter/count",
                           json.dumps({"input": {"n": 1000000}, "stream": stream}), {"content-type": "application/json"})
        if stream:
            assert connection.getresponse().read(4) == b"data"
        host.wait_for(lambda: host.metric("roost_jobs_accepted_total", model="org/counter") == count, "begun")
        connection.close()
        host.wait_for(lambda: host.metric("roost_jobs_cancelled_total", model="org/counter") == count, "ended")
    assert host.metric("roost_jobs_running", model="org/counter") == 0

"""A plugin that hangs, or that one user's prompt takes down, keeps nobody else from anything."""
import json
import os
import signal
import subprocess
import threading
import urllib.error
import urllib.request

import openai
import pytest

from conftest import BIN


@pytest.fixture
def make_tally(make_host, tally, tmp_path):
    """A host whose model `tally` misbehaves as `settings` say."""
    def make(server="", lines="", **settings):
        source = tmp_path / "tally.bin"
        source.write_text("tally")
        table = "\n".join(f'{key} = "{value}"' for key, value in settings.items())
        return make_host(
            f'[[models]]\nname = "tally"\nplugin = "tally"\nsource = "{source}"\n{lines}\n'
            f"[models.settings]\n{table}",
            plugins=f'[plugins.tally]\nlibrary = "{tally}"', server=server)

    return make


def admin(host, method, path):
    """The status of the answer, and the answer."""
    request = urllib.request.Request(
        host.url + path, method=method, data=b"{}" if method == "POST" else None, headers=host.admin)
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def model(host):
    return host.json("/admin/models/tally")


class Call(threading.Thread):
    """A call of an admin route that may take long."""
    def __init__(self, *arguments):
        super().__init__(daemon=True)
        self.arguments = arguments
        self.answer = None
        self.start()

    def run(self):
        self.answer = admin(*self.arguments)

    def result(self):
        self.join(300)
        assert self.answer, "no answer came"
        return self.answer


@pytest.fixture
def hanging(make_tally, tmp_path):
    """A host that serves, with a reload under way that hangs, and the hanging worker's process."""
    marker = tmp_path / "marker"
    marker.touch()
    host = make_tally('drain_timeout = "60s"', at="open", do="hang", marker=marker)
    marker.unlink()
    reload = Call(host, "POST", "/admin/models/tally/reload")
    host.wait_for(lambda: [w["step"] for w in model(host)["starting"]] == ["open"], "hanging")
    worker = model(host)["starting"][0]["pid"]
    assert model(host)["state"] == "reloading" and worker != model(host)["pid"]
    return host, reload, worker


def test_a_newer_reload_takes_the_place_of_one_that_hangs(hanging):
    host, reload, worker = hanging
    assert admin(host, "POST", "/admin/models/tally/reload")[0] == 200
    status, answer = reload.result()
    assert status == 409 and answer["error"]["code"] == "superseded"
    assert "a reload" in answer["error"]["message"]
    host.wait_for(lambda: not os.path.exists(f"/proc/{worker}"), "rid of the worker that hung")
    assert model(host)["state"] == "ready" and model(host)["starting"] == []


def test_a_model_is_deleted_while_its_reload_hangs(hanging):
    host, reload, _ = hanging
    assert admin(host, "DELETE", "/admin/models/tally")[0] == 200
    status, answer = reload.result()
    assert status == 409 and "its removal" in answer["error"]["message"]


def test_sigterm_ends_a_host_while_a_load_hangs(hanging):
    host, reload, worker = hanging
    host.process.terminate()
    assert host.process.wait(60) == 0, "".join(host.lines[-20:])
    assert reload.result()[0] == 503
    assert not os.path.exists(f"/proc/{worker}")


def complete(host, prompt):
    return host.client().completions.create(
        model="tally", prompt=prompt, max_tokens=4, temperature=0).choices[0].text


@pytest.mark.parametrize("step", ["forward", "tokenize"])
def test_a_prompt_that_takes_the_model_down_is_refused_and_nobody_else_is(make_tally, step):
    host = make_tally(at=step, do="segv", letter="~")
    good = complete(host, "good")
    for number in range(4):
        with pytest.raises(openai.InternalServerError, match="failed twice"):
            complete(host, f"{number}~")
        for _ in range(2):
            with pytest.raises(openai.UnprocessableEntityError, match="refused") as refusal:
                complete(host, f"{number}~")
            assert refusal.value.code == "request_fails_model"
            assert 0 < int(refusal.value.response.headers["retry-after"]) <= 300
        assert complete(host, "good") == good
    assert host.get("/readyz").status == 200 and model(host)["state"] == "ready"


def ready(host):
    try:
        return host.get("/readyz").status == 200
    except urllib.error.HTTPError as error:
        return error.code == 200


def test_a_model_that_keeps_failing_is_said_to_do_so_everywhere(make_tally):
    host = make_tally()
    for number in range(3):
        host.wait_for(lambda: model(host)["worker"]["state"] == "running", "up again")
        assert host.metric("roost_model_restarts_total", model="tally") == number
        pid = model(host)["pid"]
        os.kill(pid, signal.SIGKILL)
        host.wait_for(lambda: model(host)["pid"] != pid, "noticed")
    host.wait_for(lambda: model(host)["state"] == "quarantined", "resting")
    assert host.json("/v1/models")["data"][0]["state"] == "quarantined"
    assert not ready(host)
    listed = subprocess.run(
        [BIN / "roost", "models", "list", "--url", host.url, "--key", host.admin_key],
        capture_output=True, text=True)
    assert "quarantined" in listed.stdout, listed
    # And it comes back by itself.
    host.wait_for(lambda: ready(host), "ready again", 180)
    assert complete(host, "good")

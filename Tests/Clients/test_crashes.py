"""A plugin that dies or hangs costs nobody else a token, and its own streams go on or say why."""
import asyncio
import json
import os
import signal

import pytest

from conftest import markov

STREAMS = 8
DEEDS = ["segv", "abort", "trap", "exit0", "exit7", "overflow", "hang"]


@pytest.fixture
def make_hostile(make_host, tally, tmp_path):
    """A host with `markov` and with `tally`, which does `deed` at `step` once `arm` is called.

    Only where it is to hang is a step that takes long taken for a hanging one: on a machine that is
    busy with other things others take long too. The pace keeps streams under way until all have begun.
    """
    def make(deed, step="forward"):
        marker, source = tmp_path / "marker", tmp_path / "tally.bin"
        marker.touch()
        source.write_text("tally")
        host = make_host(markov() + f"""
[[models]]
name = "tally"
plugin = "tally"
source = "{source}"
parallel = {STREAMS}
step_timeout = "{"2s" if deed == "hang" else "120s"}"
[models.settings]
at = "{step}"
do = "{deed}"
marker = "{marker}"
pace = "16"
""", plugins=f'[plugins.tally]\nlibrary = "{tally}"')
        host.arm = marker.unlink
        return host

    return make


async def say(client, model, seed, started=None, prompt=None):
    """The text of one long stream."""
    text = ""
    stream = await client.completions.create(
        model=model, prompt=prompt or f"\n\nnumber {seed} ", seed=seed, max_tokens=250, stream=True,
        temperature=0 if model == "tally" else 1, logit_bias={"256": -100, "257": -100}
        if model == "tally" else {"256": -100})
    async for chunk in stream:
        text += chunk.choices[0].text if chunk.choices else ""
        if started and len(text) > 20:
            started.set()
    return text


async def run_all(host, when_all_run=lambda: None):
    client = host.async_client()
    started = [asyncio.Event() for _ in range(2 * STREAMS)]
    streams = [
        asyncio.create_task(say(client, model, seed, started[seed + offset]))
        for model, offset in (("markov", 0), ("tally", STREAMS)) for seed in range(STREAMS)
    ]
    await asyncio.wait_for(asyncio.gather(*[event.wait() for event in started]), 120)
    when_all_run()
    return await asyncio.wait_for(asyncio.gather(*streams), 300)


_undisturbed = []


async def undisturbed(host):
    """The same streams where nothing happens, which are the same on every host."""
    if not _undisturbed:
        _undisturbed.extend(await run_all(host))
    return _undisturbed


@pytest.mark.parametrize("deed", DEEDS)
async def test_all_streams_end_as_if_nothing_had_happened(make_hostile, deed):
    host = make_hostile(deed)
    disturbed = await run_all(host, host.arm)
    assert disturbed == await undisturbed(host)
    assert host.metric("roost_model_restarts_total", model="tally") == 1
    assert host.metric("roost_model_restarts_total", model="markov") == 0


async def test_a_killed_worker_is_replaced_and_its_streams_go_on(make_hostile):
    host = make_hostile("segv")

    def kill_worker():
        os.kill(worker_of(host, "tally"), signal.SIGKILL)

    disturbed = await run_all(host, kill_worker)
    assert disturbed == await undisturbed(host)
    assert host.metric("roost_model_restarts_total", model="tally") == 1


def worker_of(host, model):
    models = json.load(host.get("/admin/models"))["data"]
    return next(entry["pid"] for entry in models if entry["name"] == model)


@pytest.mark.parametrize("deed", ["segv", "exit0"])
@pytest.mark.parametrize("step", ["tokenize", "seq_clear"])
async def test_a_crash_beside_the_forward_passes_costs_no_stream(make_hostile, step, deed):
    host = make_hostile(deed, step)
    # Text is tokenized; tokens that no sequence begins with are put into an emptied one.
    prompt = "one more" if step == "tokenize" else [ord(letter) for letter in "one more"]
    one_more = []

    def arm_and_ask():
        host.arm()
        one_more.append(asyncio.create_task(
            say(host.async_client(), "tally", STREAMS, prompt=prompt)))

    disturbed = await run_all(host, arm_and_ask) + [await one_more[0]]
    assert host.metric("roost_model_restarts_total", model="tally") == 1
    assert host.metric("roost_model_restarts_total", model="markov") == 0
    again = await say(host.async_client(), "tally", STREAMS, prompt=prompt)
    assert disturbed == [*await undisturbed(host), again]


def test_no_worker_survives_its_host(make_hostile):
    host = make_hostile("segv")
    workers = [worker_of(host, name) for name in ("markov", "tally")]
    host.process.kill()
    host.process.wait()
    host.wait_for(
        lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers), "rid of its workers")

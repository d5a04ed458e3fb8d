"""Models and plugin code are replaced under load, and nobody's stream notices."""
import itertools
import shutil
import subprocess
import time

from conftest import ROOT, markov
from Deep.traffic import Process, Prompts, Refused, Tally, ask, running

STREAMS = 64
RELOADS = 100


def library(path, build):
    """The example plugin, compiled so that its file differs from every other build of it."""
    scratch = path.with_suffix(f".{build}")
    subprocess.run(
        ["cc", "-std=c11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-I", ROOT / "Sources/PluginABI/include",
         f"-Wl,--version-script={ROOT}/Plugins/exports.map", f"-Wl,--build-id=0x{build:08x}", "-o", scratch,
         ROOT / "Examples/markov.c", "-lm"], check=True)
    scratch.rename(path)


def test_64_streams_go_on_through_100_reloads(make_host, tmp_path, dice, note):
    plugin = tmp_path / "libRebuilt.so"
    library(plugin, 0)
    weights = tmp_path / "chat"
    shutil.copytree(ROOT / "Models" / "chat", weights)
    host = make_host(
        markov() + '[[models]]\nname = "rebuilt"\nplugin = "rebuilt"\ncontext = 4096\nparallel = 16\n'
        + f'[[models]]\nname = "chat"\nplugin = "llama"\nsource = "{weights}"\nparallel = 16\n',
        plugins=f'[plugins.rebuilt]\nlibrary = "{plugin}"')
    models = ["markov", "rebuilt", "chat"]
    prompts = {name: Prompts(host, name, 16, temperature=0 if name == "chat" else 1) for name in models}
    tally, refused, slowest = Tally(), Tally(), 0.0
    turn = itertools.count()

    def client(stopped):
        while not stopped.is_set():
            index = next(turn)
            prompts[models[index % 3]].ask(host, index // 3, tally)

    process = Process(host.process.pid)
    before = (process.descriptors, process.threads)
    with running(*[client] * STREAMS):
        for round in range(RELOADS):
            name = models[round % 3]
            if name == "rebuilt":
                library(plugin, round)
            began = time.monotonic()
            try:
                ask(host, "POST", f"/admin/models/{name}/reload", {}, headers=host.admin)
            except Refused as failure:
                refused.add("reload refused", failure)
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(dice.uniform(0, 0.4))
    note(f"reloads under {STREAMS} streams", RELOADS,
         f"streams: {tally}; slowest reload {slowest:.1f} s; "
         f"descriptors {before[0]}→{process.descriptors}, threads {before[1]}→{process.threads}")
    assert not refused["reload refused"], refused.examples
    assert tally["equal"] > STREAMS
    assert str(tally) == f"{tally['equal']} equal", tally.examples
    host.wait_for(lambda: not process.children[1], "without zombies")

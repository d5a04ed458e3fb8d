"""A host under test: the release build, a configuration of its own, a port of its own."""
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.request

import openai
import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
BIN = ROOT / ".build" / "release"
STORIES = ROOT.parent / "shared" / "models" / "stories260K" / "stories260K.gguf"

FIXTURES = ROOT / "Tests" / "Fixtures" / "bert-tiny"
LLAMA = ROOT / "Tests" / "Fixtures" / "llama-tiny" / "base"
MINILM = pathlib.Path(os.environ.get("ROOST_MINILM", ROOT / "Models" / "all-MiniLM-L6-v2"))
BERT = '[plugins.bert]\nlibrary = "libBert.so"\n'

# As for the tests in Swift: where the large fixtures have to be, what misses one fails.
REQUIRED = os.environ.get("ROOST_FIXTURES") == "required"

needs_stories = pytest.mark.skipif(
    not STORIES.exists() and not REQUIRED,
    reason="the real weights of stories260K are not beside this checkout")
needs_minilm = pytest.mark.skipif(
    not (MINILM / "config.json").exists(), reason="all-MiniLM-L6-v2 is not on this machine")


class Host:
    """`roost serve` as its user starts it."""

    def __init__(self, folder, models, plugins="", server="", waits=True, data=None, preexec=None):
        self.folder = folder
        config = folder / "plugins.toml"
        config.write_text(f"""
[server]
listen = "127.0.0.1:0"
data = "{data or folder / 'data'}"
{server}
[plugins.markov]
library = "libMarkov.so"
[plugins.llama]
library = "libLlama.so"
{plugins}
{models}
""")
        self._preexec = preexec
        self._start()
        if waits:
            self.wait_for(lambda: self.get("/readyz").status == 200, "ready")

    def _start(self):
        self.process = subprocess.Popen(
            [BIN / "roost", "serve", "--config", self.folder / "plugins.toml"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=self._preexec)
        self.lines, self.url, self._address = [], None, threading.Event()
        # What is left of a killed process's output is not the next one's.
        reader = threading.Thread(
            target=self._read, args=(self.process.stdout, self.lines, self._address), daemon=True)
        reader.start()
        if not self._address.wait(60) or not self.url:
            status = self.process.poll()
            self.process.kill()
            raise RuntimeError(f"no address printed; status {status}:\n" + "".join(self.lines))

    def restart(self, kill=signal.SIGKILL):
        """The same host again, with the same settings and data, behind a process that was killed."""
        self.process.send_signal(kill)
        self.process.wait(20)
        self._start()
        self.wait_for(lambda: self.get("/readyz").status == 200, "ready")

    def _read(self, output, lines, address):
        for line in output:
            lines.append(line)
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found and not address.is_set():
                self.url = f"http://127.0.0.1:{found.group(1)}"
                address.set()
        address.set()

    def wait_for(self, holds, what, seconds=60):
        """Polls until `holds()` is true; an answer that never comes is a failure that says so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if holds():
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"not {what} within {seconds} s:\n" + "".join(self.lines[-40:]))

    @property
    def admin_key(self):
        """What `roost serve` made for itself, as `roost models` reads it."""
        return (self.folder / "data" / "admin.key").read_text().strip()

    @property
    def admin(self):
        """The headers of an admin."""
        return {"authorization": f"Bearer {self.admin_key}"}

    def get(self, path):
        headers = self.admin if path.startswith("/admin/") else {}
        return urllib.request.urlopen(urllib.request.Request(self.url + path, headers=headers), timeout=60)

    def json(self, path):
        return json.load(self.get(path))

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry `labels`."""
        total = 0.0
        for line in self.get("/metrics").read().decode().splitlines():
            if re.match(rf"{name}[{{ ]", line) and all(f'{k}="{v}"' in line for k, v in labels.items()):
                total += float(line.split()[-1])
        return total

    def client(self, **options):
        return openai.OpenAI(base_url=self.url + "/v1", api_key="unused", max_retries=0, **options)

    def async_client(self):
        return openai.AsyncOpenAI(base_url=self.url + "/v1", api_key="unused", max_retries=0)

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(90)
        finally:
            self.process.kill()


def markov(source=None, **settings):
    """The example model on the text file `source`, else on the few sentences that it knows."""
    lines = ["[[models]]", 'name = "markov"', 'plugin = "markov"', "context = 4096", "parallel = 8"]
    lines += [f'source = "{source}"'] if source else []
    return "\n".join(lines + [f"{key} = {value}" for key, value in settings.items()]) + "\n"


def stories(name="stories"):
    return f'[[models]]\nname = "{name}"\nplugin = "llama"\nsource = "{STORIES}"\nparallel = 8\n'


def bert(name, fixture):
    """A tiny model with random weights; needs `BERT` among the plugins."""
    return f'[[models]]\nname = "{name}"\nplugin = "bert"\nsource = "{FIXTURES / fixture}"\n'


def minilm(name="minilm"):
    return f'[[models]]\nname = "{name}"\nplugin = "bert"\nsource = "{MINILM}"\n'


def compiled(name, folder):
    """The library of a plugin in C that misbehaves at the step, and in the way, that its model's settings tell."""
    library = folder / f"lib{name.capitalize()}.so"
    subprocess.run(
        ["cc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden",
         "-I", ROOT / "Sources/PluginABI/include",
         f"-Wl,--version-script={ROOT}/Plugins/exports.map", "-o", library,
         ROOT / f"Tests/Support/Plugins/{name}.c", "-lm"], check=True)
    return library


@pytest.fixture(scope="session")
def tally(tmp_path_factory):
    """A text model."""
    return compiled("tally", tmp_path_factory.mktemp("tally"))


@pytest.fixture(scope="session")
def vectors(tmp_path_factory):
    """A model of vectors, with a task that the host knows nothing of: `count`."""
    return compiled("vectors", tmp_path_factory.mktemp("vectors"))


@pytest.fixture(scope="session")
def host(tmp_path_factory):
    """One host for all tests that leave it as they found it."""
    models = markov() + (stories() if STORIES.exists() else "")
    host = Host(tmp_path_factory.mktemp("host"), models)
    yield host
    assert host.stop() == 0, "".join(host.lines[-40:])


@pytest.fixture
def make_host(tmp_path):
    """Starts further hosts, each with its own settings, and stops them."""
    hosts = []

    def make(*arguments, **keywords):
        folder = tmp_path / f"host{len(hosts)}"
        folder.mkdir()
        hosts.append(Host(folder, *arguments, **keywords))
        return hosts[-1]

    yield make
    for host in hosts:
        host.stop()

"""Clients that never stop asking, and what they saw."""
import contextlib
import http.client
import json
import pathlib
import threading
import time
import urllib.parse


class Refused(Exception):
    """An answer that is no success, with its typed body; also an error event in a stream."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body}")
        self.status, self.body = status, body

    @property
    def typed(self):
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return isinstance(error, dict) and bool(error.get("message")) and bool(error.get("type"))


def ask(host, method, path, body=None, kind="application/json", timeout=120, headers=None):
    """One request on a connection of its own: the answer's JSON, or `Refused`."""
    address = urllib.parse.urlsplit(host.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
    data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    try:
        connection.request(
            method, path, data, ({"content-type": kind} if data is not None else {}) | (headers or {}))
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    try:
        value = json.loads(text) if text else None
    except ValueError:
        value = text.decode(errors="replace")
    if answer.status >= 400:
        raise Refused(answer.status, value)
    return value


def stream(host, body, timeout=300):
    """The text of one streamed completion."""
    address = urllib.parse.urlsplit(host.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
    try:
        connection.request(
            "POST", "/v1/completions", json.dumps(body | {"stream": True}),
            {"content-type": "application/json"})
        answer = connection.getresponse()
        if answer.status != 200:
            raise Refused(answer.status, json.loads(answer.read() or b"null"))
        text, ended = "", False
        for line in answer:
            if not line.startswith(b"data: "):
                continue
            if line.strip() == b"data: [DONE]":
                ended = True
                continue
            event = json.loads(line[6:])
            if "error" in event:
                raise Refused(200, event)
            text += event["choices"][0]["text"] if event["choices"] else ""
        if not ended:
            raise ConnectionError("the stream ended without [DONE]")
        return text
    finally:
        connection.close()


class Tally:
    """Counts by name, from any thread."""

    def __init__(self):
        self._lock, self._counts, self.examples = threading.Lock(), {}, {}

    def add(self, name, example=None, by=1):
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + by
            if example is not None:
                self.examples.setdefault(name, str(example)[:400])

    def __getitem__(self, name):
        return self._counts.get(name, 0)

    def __str__(self):
        return ", ".join(f"{count} {name}" for name, count in sorted(self._counts.items())) or "nothing"


@contextlib.contextmanager
def running(*workers):
    """Runs each of `workers(stopped)` on a thread until the body has ended, or one of them has failed, of which the body
    is told by the same event; their exceptions are raised then."""
    stopped, failures = threading.Event(), []

    def run(worker):
        try:
            worker(stopped)
        except BaseException as failure:
            failures.append(failure)
            stopped.set()

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield stopped
    finally:
        stopped.set()
        for thread in threads:
            thread.join(600)
    assert not any(thread.is_alive() for thread in threads), "a client still waits ten minutes after the end"
    if failures:
        raise failures[0]


class Prompts:
    """Streams whose text is known from when nothing disturbed them."""

    def __init__(self, host, model, count, tokens=60, **more):
        self.bodies = [
            {"model": model, "prompt": f"\n\nnumber {index} ", "seed": index, "max_tokens": tokens} | more
            for index in range(count)]
        self.texts = [stream(host, body) for body in self.bodies]

    def ask(self, host, index, tally):
        """Asks one of them again and counts how it went."""
        index %= len(self.bodies)
        try:
            text = stream(host, self.bodies[index])
        except Refused as refused:
            tally.add("refused, typed" if refused.typed else "refused, untyped", refused)
        except (OSError, http.client.HTTPException, ValueError) as failure:
            tally.add("broken off", failure)
        else:
            same = text == self.texts[index]
            tally.add("equal" if same else "different", None if same else (text, self.texts[index]))


class Process:
    """What the system says of a process."""

    def __init__(self, pid):
        self.pid, self.folder = pid, pathlib.Path(f"/proc/{pid}")

    def _status(self, key):
        for line in (self.folder / "status").read_text().splitlines():
            if line.startswith(key + ":"):
                return line.split()[1]
        return "0"

    @property
    def megabytes(self):
        return int(self._status("VmRSS")) / 1024

    @property
    def threads(self):
        return int(self._status("Threads"))

    @property
    def descriptors(self):
        return len(list((self.folder / "fd").iterdir()))

    @property
    def children(self):
        """Pids of its living children, and of those that nobody waits for."""
        alive, zombies = [], []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
                if int(parent) == self.pid:
                    (zombies if state == "Z" else alive).append(int(stat.parent.name))
        return alive, zombies


def settle(holds, what, seconds=60):
    """Waits until `holds()`; what never comes is a failure that says so, by `what` or what it gives."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not {what() if callable(what) else what} within {seconds} s"
        time.sleep(0.1)

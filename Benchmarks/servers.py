"""Roost and its peer as child processes: start, readiness, requests, memory."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path


class Server:
    """A server in a process of its own for the time of a `with` block."""

    ready_path = "/"

    def command(self) -> list[str]:
        """How to start it, from settings in `folder`."""
        raise NotImplementedError

    def __enter__(self) -> "Server":
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="roost-bench-")
        command = self.command()
        self.log = open(Path(self.folder.name) / "log", "w+b")
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=self.folder.name, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log)
        while not self.is_ready():
            if self.process.poll() is not None or time.perf_counter() - begin > 60:
                raise RuntimeError(f"{command[0]} does not get ready:\n{self.log_text()}")
            time.sleep(0.001)
        self.seconds_to_ready = time.perf_counter() - begin
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", self.ready_path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def log_text(self) -> str:
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-2000:]

    def process_ids(self) -> list[int]:
        """The server and its workers."""
        ids = [self.process.pid]
        for id in ids:
            for task in Path(f"/proc/{id}/task").iterdir():
                ids += map(int, (task / "children").read_text().split())
        return ids

    def resident(self) -> tuple[float, float]:
        """MB resident: the sum of all processes, and with what they map from the same place of the
        same file counted once."""
        anonymous, total = 0, 0
        files: dict[str, int] = {}
        for id in self.process_ids():
            for place, resident, private in mappings(id):
                total += resident
                anonymous += private
                files[place] = max(files.get(place, 0), resident - private)
        return total / 1000, (anonymous + sum(files.values())) / 1000

    def requests(self, path: str, body: dict, count: int) -> list[float]:
        """Microseconds of each of `count` requests, one after the other over one connection."""
        data = json.dumps(body).encode()
        request = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n").encode() + data
        times: list[float] = []
        while len(times) < count:
            try:
                self.exchange(request, times, count)
            except ConnectionResetError:
                # llama-server ends a connection after 100 requests.
                if not times:
                    raise
        return times

    def exchange(self, request: bytes, times: list[float], count: int) -> None:
        """Sends a request again and again over one connection, until there are `count` times."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while len(times) < count:
                begin = time.perf_counter()
                connection.sendall(request)
                status, answer = read_answer(connection)
                times.append(1e6 * (time.perf_counter() - begin))
                if status != 200:
                    raise RuntimeError(f"status {status}: {answer.decode()}")


class Roost(Server):
    ready_path = "/readyz"

    def __init__(self, binary: Path, model: Path, plugin: str = "llama") -> None:
        self.binary, self.model, self.plugin = binary, model, plugin

    def command(self) -> list[str]:
        settings = Path(self.folder.name) / "plugins.toml"
        settings.write_text(f"""
[server]
listen = "127.0.0.1:{self.port}"
data = {json.dumps(self.folder.name)}

{plugin_table(self.binary.parent, self.plugin)}
[[models]]
name = "bench"
plugin = "{self.plugin}"
source = {json.dumps(str(self.model))}
load = "start"
""")
        return [str(self.binary), "serve", "--config", str(settings)]


def plugin_table(binaries: Path, plugin: str) -> str:
    """The lines of plugins.toml that name a plugin."""
    library = binaries / f"lib{plugin.capitalize()}.so"
    return f"[plugins.{plugin}]\nlibrary = {json.dumps(str(library))}\n"


class LlamaServer(Server):
    ready_path = "/health"

    def __init__(self, binary: Path, model: Path, threads: int) -> None:
        self.binary, self.model, self.threads = binary, model, threads

    def command(self) -> list[str]:
        return [str(self.binary), "--model", str(self.model), "--port", str(self.port),
                "--threads", str(self.threads), "--parallel", "8"]


def mappings(process_id: int) -> list[tuple[str, int, int]]:
    """Of each mapping its file and offset, the kB resident, and how many of them are no file's."""
    text = Path(f"/proc/{process_id}/smaps").read_text()
    found = []
    for block in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", text, flags=re.M)[1:]:
        _, _, offset, device, inode, *_ = block.split(None, 5)
        sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB", block, re.M))
        found.append((f"{device} {inode} {offset}", int(sizes["Rss"]), int(sizes["Anonymous"])))
    return found


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of an answer that has a content length or is chunked."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += receive(connection)
    head, body = data.split(b"\r\n\r\n", 1)
    status = int(head.split(b" ", 2)[1])
    length = re.search(rb"content-length: *(\d+)", head, re.I)
    if length:
        while len(body) < int(length[1]):
            body += receive(connection)
    else:
        while not body.endswith(b"0\r\n\r\n"):
            body += receive(connection)
    return status, body


def receive(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError("the server closed the connection")
    return data


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_json(command: list[object], threads: int) -> dict:
    """The last line that a program prints, which is JSON."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True,
        env={**os.environ, "ROOST_THREADS": str(threads)})
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])

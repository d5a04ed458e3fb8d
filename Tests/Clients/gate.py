"""A line between page and host on which a test lets an answer through, a character at a time.

However fast the host writes and the browser reads, nobody sees more of an answer than the test has
let through. Everything but the text of an answer passes at once.
"""
import http.client
import http.server
import json
import math
import select
import socket
import threading
import urllib.parse

HOP_BY_HOP = {"connection", "content-length", "transfer-encoding"}


class Gate:
    """Open until `hold` is called."""

    def __init__(self, host_url):
        self.host = urllib.parse.urlsplit(host_url).netloc
        self.text = ""  # of the answers, as far as it was let through
        self._allowed = math.inf
        self._changed = threading.Condition()
        self._server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"gate": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self):
        self._allow(0)

    def open(self):
        self._allow(math.inf)

    def let_through(self, characters):
        """Returns when they are on their way to the browser."""
        wanted = len(self.text) + characters
        self._allow(characters)
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.text) >= wanted, 60), "no more text comes"

    def _allow(self, characters):
        with self._changed:
            self._allowed = characters
            self._changed.notify_all()

    def admit(self, client):
        """Waits for leave to send a character; false when the client has gone."""
        with self._changed:
            while self._allowed <= 0:
                self._changed.wait(0.02)
                if _has_left(client):
                    return False
            self._allowed -= 1
            return True

    def passed(self, character):
        with self._changed:
            self.text += character
            self._changed.notify_all()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    def forward(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        upstream = http.client.HTTPConnection(self.gate.host, timeout=600)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers))
            self.answer(upstream.getresponse())
        except ConnectionError:
            pass  # the browser has left
        finally:
            upstream.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

    def answer(self, response):
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        if response.getheader("content-type", "").startswith("text/event-stream"):
            self.stream(response)
        else:
            self.wfile.write(response.read())

    def stream(self, response):
        for line in response:
            for piece, character in _cut(line):
                if character and not self.gate.admit(self.connection):
                    return
                self.wfile.write(piece)
                if character:
                    self.gate.passed(character)

    def log_message(self, *_):
        pass


def _cut(line):
    """The line of an event, again and again, each time with one character of its text."""
    event = json.loads(line[5:]) if line.startswith(b"data: {") else {}
    choices = event.get("choices") or [{}]
    holder, key = (choices[0]["delta"], "content") if "delta" in choices[0] else (choices[0], "text")
    text = holder.get(key)
    if not text:
        yield line, ""
        return
    for character in text:
        holder[key] = character
        yield b"data: " + json.dumps(event).encode() + b"\n\n", character


def _has_left(client):
    readable, _, _ = select.select([client], [], [], 0)
    return bool(readable) and client.recv(1, socket.MSG_PEEK) == b""

"""The log of a host whose reader is slow."""
import json
import os
import re
import signal
import subprocess
import urllib.request

from conftest import BIN

REQUESTS = 4000


def test_a_reader_that_takes_nothing_stops_no_request_and_is_told_what_it_missed(tmp_path):
    config = tmp_path / "plugins.toml"
    config.write_text(f'[server]\nlisten = "127.0.0.1:0"\ndata = "{tmp_path}/data"\nlog = "json"\n')
    reading, writing = os.pipe()
    process = subprocess.Popen([BIN / "roost", "serve", "--config", config],
                               stdout=subprocess.PIPE, stderr=writing, text=True)
    os.close(writing)
    try:
        url = re.search(r"http://\S+", process.stdout.readline()).group()
        # A line of the log for each: beyond what the pipe and the host hold.
        for _ in range(REQUESTS):
            with urllib.request.urlopen(url + "healthz", timeout=60) as answer:
                assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        with os.fdopen(reading) as log:
            lines = log.read().splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        assert 100 < len(entries) < REQUESTS
    finally:
        process.kill()


def test_a_reader_that_comes_back_reads_how_many_lines_it_missed(tmp_path):
    config = tmp_path / "plugins.toml"
    config.write_text(f'[server]\nlisten = "127.0.0.1:0"\ndata = "{tmp_path}/data"\nlog = "json"\n')
    reading, writing = os.pipe()
    process = subprocess.Popen([BIN / "roost", "serve", "--config", config],
                               stdout=subprocess.PIPE, stderr=writing, text=True)
    os.close(writing)
    try:
        url = re.search(r"http://\S+", process.stdout.readline()).group()
        for _ in range(REQUESTS):
            urllib.request.urlopen(url + "healthz", timeout=60).close()
        log = os.fdopen(reading)
        seen = dropped = 0
        while not dropped:
            entry = json.loads(log.readline())
            seen += entry["message"] == "GET /healthz"
            dropped = entry.get("dropped", 0)
        process.send_signal(signal.SIGTERM)
        seen += sum(json.loads(line)["message"] == "GET /healthz" for line in log)
        assert process.wait(60) == 0
        assert seen + dropped == REQUESTS
    finally:
        process.kill()

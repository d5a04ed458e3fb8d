"""Workers and hosts are killed under load: streams stay whole, and what was acknowledged is there."""
import os
import signal
import threading
import time
import uuid

from conftest import markov
from Deep.traffic import Process, Prompts, Refused, Tally, ask, running, settle

MODELS = 60
WORKER_KILLS = 200
HOST_KILLS = 30


def pids(host):
    """The workers' processes by model."""
    listed = ask(host, "GET", "/admin/models", headers=host.admin)["data"]
    return {model["name"]: model["pid"] for model in listed}


def resting(host):
    """The models that have no process, with what is said of each."""
    listed = ask(host, "GET", "/admin/models", headers=host.admin)["data"]
    return {model["name"]: (model["state"], model.get("worker"), model.get("last_error"))
            for model in listed if not model["pid"]}


def test_200_killed_workers_cost_no_stream(make_host, dice, note):
    names = [f"markov{index}" for index in range(MODELS)]
    host = make_host("".join(
        f'[[models]]\nname = "{name}"\nplugin = "markov"\ncontext = 4096\nparallel = 8\n' for name in names))
    prompts = {name: Prompts(host, name, 2, tokens=200) for name in names}
    tally, killed, turn = Tally(), Tally(), iter(range(1 << 40))

    def client(stopped):
        while not stopped.is_set():
            index = next(turn)
            prompts[names[index % MODELS]].ask(host, index // MODELS, tally)

    process = Process(host.process.pid)
    before = (process.megabytes, process.descriptors, process.threads)
    shared = set(os.listdir("/dev/shm"))
    with running(*[client] * 24):
        # Each model dies at most twice in a minute: the third death within 60 s would put it to rest.
        pace = 60 / (2 * MODELS) * 1.1
        for index in range(WORKER_KILLS):
            pid = pids(host)[names[index % MODELS]]
            if pid:
                os.kill(pid, signal.SIGKILL)
                killed.add("killed")
            time.sleep(dice.uniform(0.8, 1.2) * pace)
    settle(lambda: not resting(host), lambda: f"all workers back, but {resting(host)}", 120)
    after = (process.megabytes, process.descriptors, process.threads)
    note("kill -9 of workers under 24 streams", killed["killed"],
         f"streams: {tally}; zombies {len(process.children[1])}; RSS {before[0]:.0f}→{after[0]:.0f} MB, "
         f"descriptors {before[1]}→{after[1]}, threads {before[2]}→{after[2]}")
    assert killed["killed"] >= WORKER_KILLS * 0.9
    assert str(tally) == f"{tally['equal']} equal", tally.examples
    assert not process.children[1] and set(os.listdir("/dev/shm")) <= shared
    assert after[1] <= before[1] + 8 and after[2] <= before[2] + 8


class Writer:
    """Puts and deletes conversations and rows, and remembers what the host has acknowledged."""

    def __init__(self, dice):
        self.dice, self.acknowledged, self.uncertain, self.count = dice, {}, set(), 0

    def write(self, host):
        key = str(uuid.UUID(int=self.dice.getrandbits(128)))
        deletes = self.acknowledged and self.dice.random() < 0.3
        key = self.dice.choice(list(self.acknowledged)) if deletes else key
        text = None if deletes else f"text {self.dice.random()}"
        self.uncertain.add(key)
        self.send(host, key, text)
        self.uncertain.discard(key)
        self.count += 1
        if text is None:
            self.acknowledged.pop(key, None)
        else:
            self.acknowledged[key] = text

    def check(self, host):
        """How many of the acknowledged are lost or changed, and how many of the deleted came back."""
        found = self.read(host)
        wrong = {
            key for key, text in self.acknowledged.items()
            if key not in self.uncertain and found.get(key) != text}
        risen = set(found) - set(self.acknowledged) - self.uncertain
        # What was under way when the host died may be there or not; from now on it is what it is.
        for key in self.uncertain:
            self.acknowledged.pop(key, None)
            if key in found:
                self.acknowledged[key] = found[key]
        self.uncertain.clear()
        return len(self.acknowledged), wrong | risen


class Conversations(Writer):
    def send(self, host, key, text):
        if text is None:
            ask(host, "DELETE", f"/v1/conversations/{key}")
        else:
            ask(host, "PUT", f"/v1/conversations/{key}",
                {"title": text, "messages": [{"role": "user", "content": text}]})

    def read(self, host):
        listed = ask(host, "GET", "/v1/conversations")["data"]
        return {row["id"]: row["title"] for row in listed}


class Rows(Writer):
    def send(self, host, key, text):
        if text is None:
            ask(host, "DELETE", f"/v1/collections/rows/documents/{key}")
        else:
            ask(host, "POST", "/v1/collections/rows/documents", [{"id": key, "title": text}])

    def read(self, host):
        rows, after = {}, ""
        while True:
            page = ask(host, "GET", f"/v1/collections/rows/documents?limit=1000&after={after}")
            rows |= {row["id"]: row["row"]["title"] for row in page["data"]}
            if not page.get("has_more"):
                return rows
            after = page["data"][-1]["id"]


def test_30_killed_hosts_lose_nothing_acknowledged(make_host, dice, note):
    host = make_host(markov())
    ask(host, "PUT", "/v1/collections/rows?text=title&wait=true", b"id,title\nfirst,bread\n", "text/csv")
    writers = [Conversations(dice), Rows(dice)]
    writers[1].acknowledged["first"] = "bread"
    checks, wrong, starts = 0, set(), []
    for _ in range(HOST_KILLS):
        stop_at = time.monotonic() + dice.uniform(0.2, 2)
        timer = threading.Timer(stop_at - time.monotonic(), host.process.kill)
        timer.start()

        def write(writer):
            try:
                while True:
                    writer.write(host)
            except (OSError, Refused, ValueError):
                return
            except Exception as failure:  # http.client's own
                if "http.client" not in type(failure).__module__:
                    raise

        threads = [threading.Thread(target=write, args=(writer,)) for writer in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        host.process.wait(60)
        began = time.monotonic()
        host.restart()
        starts.append(time.monotonic() - began)
        for writer in writers:
            count, lost = writer.check(host)
            checks += count
            wrong |= lost
    note("kill -9 of the host while it writes", HOST_KILLS,
         f"{len(wrong)} of {checks} checks wrong, {sum(writer.count for writer in writers)} writes acknowledged; "
         f"ready again after {sum(starts) / len(starts):.2f} s (at most {max(starts):.2f})")
    assert sum(writer.count for writer in writers) > HOST_KILLS
    assert not wrong

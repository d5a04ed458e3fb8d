"""Ten minutes of everything at once: nothing fails, and memory, descriptors and threads stay flat."""
import base64
import os
import signal
import statistics
import time

import pytest

from conftest import BERT, ROOT, bert, markov
from Deep.traffic import Process, Prompts, Refused, Tally, ask, running

SECONDS = int(os.environ.get("ROOST_SOAK_SECONDS", "600"))
TABLE = b"id,title\n" + b"".join(b"%d,row %d about bread and tides\n" % (n, n) for n in range(200))


def test_ten_minutes_leave_the_host_as_it_was(make_host, tmp_path, dice, note):
    host = make_host(
        markov() + bert("embedder", "encoder-mean") + bert("classes", "classifier")
        + f'[[models]]\nname = "chat"\nplugin = "llama"\nsource = "{ROOT}/Models/chat"\nparallel = 8\n'
        + f'[[models]]\nname = "picture"\nplugin = "stable-diffusion"\nsource = "{ROOT}/Models/picture"\n'
        + f'[[models]]\nname = "summary"\nplugin = "summarizer"\nsource = "{ROOT}/Models/summary"\n',
        plugins=BERT + '[plugins.stable-diffusion]\nlibrary = "libStableDiffusion.so"\n'
        + '[plugins.summarizer]\nlibrary = "libSummarizer.so"\n')
    chats = Prompts(host, "chat", 8, temperature=0)
    ask(host, "PUT", "/v1/collections/soak?text=title&model=embedder&wait=true", TABLE, "text/csv")
    tally, turn = Tally(), iter(range(1 << 40))

    def embed():
        ask(host, "POST", "/v1/embeddings", {"model": "embedder", "input": [f"text {next(turn)}", "another"]})

    def classify():
        ask(host, "POST", "/v1/classify", {"model": "classes", "input": f"text {next(turn)}"})

    def search():
        ask(host, "POST", "/v1/collections/soak/query", {"query": "bread", "mode": dice.choice(["text", "vector"])})

    def documents():
        key = f"extra-{next(turn) % 50}"
        ask(host, "PUT", f"/v1/collections/soak/documents/{key}", {"title": f"extra {key}"})
        ask(host, "DELETE", f"/v1/collections/soak/documents/{key}")

    def replace():
        ask(host, "PUT", "/v1/collections/other?text=title&model=embedder&wait=true", TABLE, "text/csv")

    def image():
        answer = ask(host, "POST", "/v1/images/generations", {"model": "picture", "prompt": "a red house", "steps": 2})
        assert base64.b64decode(answer["data"][0]["b64_json"]).startswith(b"\x89PNG")

    def summarize():
        ask(host, "POST", "/v1/summarize", {"model": "summary", "input": "The meeting is on Monday. Ada comes."})

    def converse():
        path = f"/v1/conversations/00000000-0000-4000-8000-{next(turn) % 100:012d}"
        ask(host, "PUT", path, {"title": "t", "messages": [{"role": "user", "content": "hello"}]})

    def refuse():
        with pytest.raises(Refused) as refused:
            ask(host, "POST", "/v1/completions", {"model": "nobody", "prompt": "x"})
        assert refused.value.status == 404 and refused.value.typed

    def chat():
        chats.ask(host, next(turn), tally)

    kinds = [embed, classify, search, documents, replace, image, summarize, converse, refuse, chat, chat, chat]

    def client(stopped):
        while not stopped.is_set():
            kind = dice.choice(kinds)
            try:
                kind()
            except (Refused, AssertionError) as failure:
                tally.add(f"{kind.__name__} failed", failure)
            else:
                tally.add("requests")
            time.sleep(dice.uniform(0, 0.2))

    process, samples, reloads, kills = Process(host.process.pid), [], 0, 0
    end = time.monotonic() + SECONDS
    with running(*[client] * 4):
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(5, left))
            samples.append((process.megabytes, process.descriptors, process.threads, len(process.children[0])))
            if len(samples) % 3 == 0:
                ask(host, "POST", "/admin/models/markov/reload", {}, headers=host.admin)
                reloads += 1
            if len(samples) % 10 == 0:
                listed = ask(host, "GET", "/admin/models", headers=host.admin)["data"]
                if pid := next(model["pid"] for model in listed if model["name"] == "chat"):
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
    third = len(samples) // 3
    early = [statistics.median(column) for column in zip(*samples[third:2 * third])]
    late = [statistics.median(column) for column in zip(*samples[2 * third:])]
    note("soak of everything", f"{SECONDS} s, {reloads} reloads, {kills} killed workers",
         f"{tally}; from the second to the last third: RSS {early[0]:.0f}→{late[0]:.0f} MB, descriptors "
         f"{early[1]:.0f}→{late[1]:.0f}, threads {early[2]:.0f}→{late[2]:.0f}, workers {early[3]:.0f}→{late[3]:.0f}")
    wrong = [name for name in tally.examples if name not in ("equal", "requests")]
    assert not wrong, {name: tally.examples[name] for name in wrong}
    assert tally["equal"] > 0 and not process.children[1]
    assert late[0] <= early[0] * 1.1 + 8 and late[1] <= early[1] + 8 and late[2] <= early[2] + 4

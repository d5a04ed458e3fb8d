#!/usr/bin/env python3
"""Queries of a collection as a client of a running host sees them: one connection, one after the other.

    queries.py http://127.0.0.1:8080 1000000

Makes a CSV of that many rows, puts it, waits until it is ready, prints the time of that, and p50 and p99 of each kind
of query in milliseconds. The model is the host's default for embeddings; its time is part of a query's.
"""
import http.client
import json
import random
import sys
import time
import urllib.parse

QUERIES, WORDS = 200, 20_000


class Client:
    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlparse(url).netloc)

    def send(self, method, path, body=None, kind="application/json"):
        self.connection.request(method, path, body, {"content-type": kind})
        answer = json.loads(self.connection.getresponse().read())
        if "error" in answer and answer["error"]:
            sys.exit(str(answer["error"]))
        return answer


def words(chance):
    return f"w{chance.randrange(WORDS)} and w{chance.randrange(WORDS)}"


def put(client, path, count, chance):
    rows = "".join(f'{n},"row {n} of {words(chance)}",{n % 7}\n' for n in range(count))
    began = time.perf_counter()
    client.send("PUT", f"{path}?text=title&id=id", "id,title,group\n" + rows, "text/csv")
    print(f"{count} rows on the disk after {time.perf_counter() - began:.1f} s")
    while client.send("GET", path)["state"] != "ready":
        time.sleep(0.2)
    print(f"ready after {time.perf_counter() - began:.1f} s")


def measure(client, path, label, settings, chance):
    def ask(number):
        body = json.dumps({"query": f"row {number} of {words(chance)}", **settings})
        began = time.perf_counter()
        client.send("POST", f"{path}/query", body)
        return (time.perf_counter() - began) * 1000

    for number in range(10):
        ask(-number)
    times = sorted(ask(number) for number in range(QUERIES))
    print(f"{label}: p50 {times[QUERIES // 2]:.1f} ms, p99 {times[QUERIES * 99 // 100]:.1f} ms")


def main():
    client, count, chance = Client(sys.argv[1]), int(sys.argv[2]), random.Random(5)
    path = f"/v1/collections/measured-{count}"
    put(client, path, count, chance)
    measure(client, path, "by meaning", {}, chance)
    measure(client, path, "half of the rows by a filter", {"filter": {"group": {"lt": 4}}}, chance)
    measure(client, path, "by words", {"mode": "text"}, chance)
    measure(client, path, "both", {"mode": "hybrid"}, chance)
    client.send("DELETE", path)


if __name__ == "__main__":
    main()

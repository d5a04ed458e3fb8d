"""Roost: the plugin through PluginHost, below the engine, in a process that is asked line by line."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
from servers import mappings


class Bench:
    """A model that stays open for the time of a `with` block."""

    def __init__(
        self, binaries: Path, model: Path, isolation: str, precision: str, threads: int
    ) -> None:
        self.command = [
            binaries / "Bench", "embed", binaries / "libBert.so", model, isolation,
            json.dumps({"precision": precision})]
        self.environment = {**os.environ, "ROOST_THREADS": str(threads)}

    def __enter__(self) -> "Bench":
        self.process = subprocess.Popen(
            [str(word) for word in self.command], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=self.environment)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait(20)

    def run(self, texts: list[list[int]], seconds: float) -> tuple[list[float], np.ndarray]:
        """The seconds of each of several calls, and the vectors."""
        ids = ";".join(",".join(map(str, text)) for text in texts)
        self.process.stdin.write(f"{seconds} {ids}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line.startswith("{"):
            raise RuntimeError(f"Bench: {line.removeprefix('Bench: ').strip() or 'ended'}")
        answer = json.loads(line)
        return answer["seconds"], np.array(answer["vectors"], dtype=np.float32)

    def worker_resident(self) -> float:
        """MB resident in the model's worker, everything that it maps included."""
        workers = " ".join(
            (task / "children").read_text()
            for task in Path(f"/proc/{self.process.pid}/task").iterdir())
        return sum(
            resident for id in workers.split() for _, resident, _ in mappings(int(id))) / 1000

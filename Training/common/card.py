"""Model cards: a template whose numbers are those that the measurements printed."""

import json
import re
from pathlib import Path


def printed(name: str, numbers: dict) -> dict:
    """The numbers, which are shown in the moment they are measured."""
    print(name, json.dumps(numbers), flush=True)
    return numbers


def fill_card(template: Path, path: Path, **values) -> None:
    """Writes the template with `{{quality.known}}` looked up in `values`, "not measured" where it is not there."""

    def lookup(match):
        value = values
        for key in match[1].split("."):
            value = value.get(key, "not measured") if isinstance(value, dict) else value
        return str(value)

    path.write_text(re.sub(r"\{\{([\w., -]+)\}\}", lookup, template.read_text()))


def percent(right: int, total: int) -> float:
    return round(100 * right / max(1, total), 1)


def training_summary(folder: Path) -> dict:
    """Steps and minutes of a run, from its log's last line; none where nothing was trained."""
    log = folder / "log.txt"
    last = log.read_text().splitlines()[-1] if log.exists() else ""
    found = re.search(r"step (\d+)\s+[\d.]+%\s+([\d.]+) min", last)
    return {"steps": int(found[1]), "minutes": float(found[2])} if found else {"steps": 0, "minutes": 0}


def millions(model) -> str:
    return f"{sum(parameter.numel() for parameter in model.parameters()) / 1e6:.1f} M"


def megabytes(size: int) -> float:
    return round(size / 1e6, 1)

"""A plugin in Swift from a package of its own: what it needs of this one, and that a running host takes it."""
import json
import shutil
import subprocess
import urllib.request

import pytest

from conftest import ROOT, markov

EXAMPLE = ROOT / "Examples" / "Alphabet"
# The dependency of the example's manifest, and the same package by its address.
BESIDE = '.package(name: "roost", path: "../..", traits: [])'
ADDRESS = '.package(url: "file://{}", from: "1.0.0", traits: [])'


def swift(command, *arguments, at, folder):
    """Runs SwiftPM on the package `at`, with all that it writes in `folder`."""
    done = subprocess.run(
        ["swift", command, "--package-path", at, "--scratch-path", folder / "scratch",
         "--cache-path", folder / "cache", *arguments],
        capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def published(folder):
    """A repository with this package, under a version, as others see it."""
    folder.mkdir()
    shutil.copy(ROOT / "Package.swift", folder)
    for name in ("Sources", "Plugins", "Runtime", "Tests", "Benchmarks"):
        shutil.copytree(
            ROOT / name, folder / name,
            ignore=shutil.ignore_patterns("Fixtures", ".build*", "__pycache__"))
    for command in ("init", "add .", "commit -m published", "tag 1.0.0"):
        subprocess.run(
            ["git", "-c", "user.name=test", "-c", "user.email=test@example.org", *command.split(" ")],
            cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The example's library, built against the published package in a folder of its own."""
    folder = tmp_path_factory.mktemp("package")
    package = shutil.copytree(
        EXAMPLE, folder / "alphabet", ignore=shutil.ignore_patterns(".build"))
    manifest = (package / "Package.swift").read_text()
    assert BESIDE in manifest
    address = ADDRESS.format(published(folder / "roost"))
    (package / "Package.swift").write_text(manifest.replace(BESIDE, address))
    swift("build", "--configuration", "release", at=package, folder=folder)
    return folder / "scratch" / "release" / "libAlphabet.so"


def post(host, path, body):
    request = urllib.request.Request(
        host.url + path, json.dumps(body).encode(),
        {"content-type": "application/json", **host.admin})
    return json.load(urllib.request.urlopen(request, timeout=60))


@pytest.mark.parametrize("isolation", ["worker", "in-process"])
def test_a_running_host_takes_a_plugin_built_elsewhere(library, make_host, isolation):
    host = make_host(markov(), server=f'plugin_path = ["{library.parent}"]')
    post(host, "/admin/plugins",
         {"name": "alphabet", "library": str(library), "isolation": isolation})
    post(host, "/admin/models", {"name": "alphabet", "plugin": "alphabet"})
    host.wait_for(lambda: host.json("/admin/models/alphabet")["state"] == "ready", "ready")
    shown = host.json("/admin/models/alphabet")
    assert not shown.get("warnings"), shown["warnings"]
    for prompt, text in {"abc": "defgh", "v": "wxyz"}.items():
        answer = post(host, "/v1/completions", {
            "model": "alphabet", "prompt": prompt, "max_tokens": 5, "temperature": 0})
        assert answer["choices"][0]["text"] == text


def test_a_plugin_needs_nothing_of_the_hosts_from_outside(tmp_path):
    shown = swift("package", "show-dependencies", "--format", "json", at=EXAMPLE, folder=tmp_path)
    (roost,) = json.loads(shown)["dependencies"]
    assert roost["name"] == "roost" and roost["dependencies"] == []

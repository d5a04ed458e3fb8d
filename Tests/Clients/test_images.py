"""Images through the official OpenAI client, the command, and over crashes of their worker."""
import base64
import json
import struct
import subprocess
import threading

import openai
import pytest

from conftest import BIN
from painter import hills, painter  # noqa: F401


def size_of(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n") and png.endswith(b"IEND\xaeB`\x82")
    return struct.unpack(">II", png[16:24])


@pytest.fixture(scope="module")
def serving(painter, tmp_path_factory):  # noqa: F811
    from conftest import Host
    host = Host(tmp_path_factory.mktemp("images"), hills(), painter)
    yield host
    assert host.stop() == 0


def test_the_official_client_makes_images(serving):
    made = serving.client().images.generate(
        model="hills", prompt="a hill", n=2, size="128x64", response_format="b64_json",
        extra_body={"seed": 4, "steps": 2})
    assert len(made.data) == 2 and made.created > 1_700_000_000
    assert [size_of(base64.b64decode(image.b64_json)) for image in made.data] == [(128, 64)] * 2
    assert [image.seed for image in made.data] == [4, 5]


def test_the_official_client_sees_an_image_grow(serving):
    stream = serving.client().images.generate(
        model="hills", prompt="a hill", stream=True, partial_images=2, extra_body={"steps": 9, "seed": 1})
    events = list(stream)
    assert [event.type for event in events] == ["image_generation.partial_image"] * 2 + [
        "image_generation.completed"]
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    assert size_of(base64.b64decode(events[0].b64_json)) == (16, 8)
    assert size_of(base64.b64decode(events[2].b64_json)) == (64, 32)


def test_a_mistake_names_its_parameter(serving):
    with pytest.raises(openai.BadRequestError) as refused:
        serving.client().images.generate(model="hills", prompt="a hill", response_format="url")
    assert refused.value.param == "response_format" and "b64_json" in str(refused.value)


def test_an_image_survives_a_crash_of_its_worker(painter, make_host, tmp_path):  # noqa: F811
    host = make_host(hills(at="step", do="segv", marker=tmp_path / "crashed", when="boom"), painter)
    request = dict(model="hills", extra_body={"seed": 3})
    data = host.client().images.generate(prompt="boom", **request).data
    assert size_of(base64.b64decode(data[0].b64_json)) == (64, 32)
    assert host.metric("roost_recoveries_total") == 1
    # The same request on an instance that never crashed is the same image.
    assert host.client().images.generate(prompt="boom", **request).data == data


def test_an_image_that_takes_its_worker_down_each_time_is_an_error_and_the_host_lives(painter, make_host):  # noqa: F811
    host = make_host(hills(at="finish", do="abort", when="boom"), painter)
    with pytest.raises(openai.APIStatusError) as failed:
        host.client().images.generate(model="hills", prompt="boom")
    assert failed.value.status_code == 502 and "SIGABRT in finish" in str(failed.value)
    host.wait_for(lambda: host.json("/v1/models/hills")["state"] == "ready", "the model is back")
    assert host.client().images.generate(model="hills", prompt="a hill").data


def test_many_clients_share_one_model(serving):
    alone = {seed: serving.client().images.generate(
        model="hills", prompt="shared", extra_body={"seed": seed, "steps": 20}).data[0].b64_json
        for seed in range(6)}
    found = {}

    def ask(seed):
        found[seed] = serving.client().images.generate(
            model="hills", prompt="shared", extra_body={"seed": seed, "steps": 20}).data[0].b64_json

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone


# MARK: the command


def roost(host, *arguments, folder):
    return subprocess.run([BIN / "roost", "image", *arguments, "--url", host.url], cwd=folder,
                          capture_output=True, text=True, timeout=120)


def test_the_command_writes_a_file_and_says_its_seed(serving, tmp_path):
    made = roost(serving, "a hill", "-o", "hill.png", "--size", "64x64", "--seed", "9", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stdout.split() == ["hill.png", "64x64", "seed", "9"]
    assert size_of((tmp_path / "hill.png").read_bytes()) == (64, 64)
    assert "step 4 of 4" in made.stderr.splitlines() and "\r" not in made.stderr


def test_the_command_overwrites_nothing_unless_told_to(serving, tmp_path):
    (tmp_path / "hill.png").write_text("mine")
    asked = roost(serving, "a hill", "-o", "hill.png", folder=tmp_path)
    assert asked.returncode == 2 and "--force" in asked.stderr
    assert (tmp_path / "hill.png").read_text() == "mine"
    assert roost(serving, "a hill", "-o", "hill.png", "--force", folder=tmp_path).returncode == 0
    assert size_of((tmp_path / "hill.png").read_bytes()) == (64, 32)


def test_the_command_numbers_several_images_and_begins_with_one(serving, tmp_path):
    made = roost(serving, "A hill, at night", "-n", "2", "--json", folder=tmp_path)
    assert made.returncode == 0 and not made.stderr
    assert [image["file"] for image in json.loads(made.stdout)] == [
        "a-hill-at-night-1.png", "a-hill-at-night-2.png"]
    first = tmp_path / "a-hill-at-night-1.png"
    again = roost(serving, "else", "--from", first.name, "--strength", "0", "-o", "same.png", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "same.png").read_bytes() == first.read_bytes()


def test_the_command_tells_wrong_questions_from_failures(serving, tmp_path):
    assert roost(serving, "a hill", "-o", "nowhere/hill.png", folder=tmp_path).returncode == 2
    assert roost(serving, " ", folder=tmp_path).returncode == 2
    refused = roost(serving, "a hill", "--size", "63x63", folder=tmp_path)
    assert refused.returncode == 1 and "multiples of 8" in refused.stderr
    assert list(tmp_path.iterdir()) == []

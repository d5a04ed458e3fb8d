"""LoRA adapters over HTTP: named in the settings, added and removed while the model serves."""
import json
import shutil
import struct
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from conftest import LLAMA, ROOT

ADAPTERS = ROOT / "Tests" / "Fixtures" / "lora-tiny"


def golden(name):
    """For each prompt its tokens, and the token that PEFT finds likeliest after them."""
    raw = (ADAPTERS / name / "golden.safetensors").read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header, values = json.loads(raw[8:8 + size]), raw[8 + size:]
    for index, tokens in enumerate(json.loads((ADAPTERS / name / "golden.json").read_text())["tokens"]):
        begin, end = header[f"logits.{index}"]["data_offsets"]
        logits = struct.unpack(f"<{(end - begin) // 4}f", values[begin:end])
        yield tokens, logits.index(max(logits))


def admin(host, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{host.url}/admin/models/tiny/adapters{path}", data,
        {"content-type": "application/json"} | host.admin, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def likeliest(host, model, tokens):
    answer = host.client().completions.create(
        model=model, prompt=tokens, max_tokens=1, temperature=0,
        extra_body={"skip_special_tokens": False})
    return answer.choices[0].text


def text(host, token):
    body = json.dumps({"model": "tiny", "tokens": [token]}).encode()
    request = urllib.request.Request(
        host.url + "/v1/detokenize", body, {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=60))["text"]


@pytest.fixture
def tiny(make_host):
    return make_host(f"""
[[models]]
name = "tiny"
source = "{LLAMA}"
parallel = 4
settings = {{ cache_type = "f32" }}
[models.adapters]
every = "{ADAPTERS / 'every-map'}"
""")


def test_each_request_has_its_adapter_and_they_come_and_go(tiny):
    ids = [model.id for model in tiny.client().models.list()]
    assert ids == ["tiny", "tiny:every"]
    for name in ("stabilized", "fused"):  # an admin adds what lies beside the settings
        shutil.copytree(ADAPTERS / name, tiny.folder / name)
    admin(tiny, "POST", "", {"name": "stable", "source": str(tiny.folder / "stabilized")})
    assert [model.id for model in tiny.client().models.list()] == ["tiny", "tiny:every", "tiny:stable"]
    cases = [(f"tiny:{name}", tokens, token) for name, folder in (("every", "every-map"), ("stable", "stabilized"))
             for tokens, token in golden(folder)]
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda case: likeliest(tiny, case[0], case[1]), cases * 4))
    expected = [text(tiny, token) for _, _, token in cases] * 4
    assert texts == expected
    plain = [likeliest(tiny, "tiny", tokens) for _, tokens, _ in cases]
    assert plain != expected[:4]
    assert admin(tiny, "DELETE", "/stable")["deleted"]
    with pytest.raises(openai.NotFoundError, match="tiny:every"):
        likeliest(tiny, "tiny:stable", [1, 2])
    with pytest.raises(urllib.error.HTTPError) as refused:
        admin(tiny, "POST", "", {"name": "fused", "source": str(tiny.folder / "fused")})
    assert "which the model does not have" in json.load(refused.value)["error"]["message"]
    assert likeliest(tiny, *cases[0][:2]) == expected[0]

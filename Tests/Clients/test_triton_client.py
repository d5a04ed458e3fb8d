"""Triton's HTTP client, unchanged: the Open Inference Protocol (KServe V2)."""
import numpy
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from conftest import BERT, bert, markov


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    from conftest import Host
    host = Host(
        tmp_path_factory.mktemp("triton"),
        markov() + bert("bert", "encoder-mean") + bert("mood", "classifier"), plugins=BERT,
        server='admin_keys = ["root"]')
    yield host
    host.stop()


@pytest.fixture
def client(host):
    with triton.InferenceServerClient(host.url.removeprefix("http://")) as client:
        yield client


def texts(name, values, binary=True):
    tensor = triton.InferInput(name, [len(values)], "BYTES")
    tensor.set_data_from_numpy(numpy.array(values, dtype=object), binary_data=binary)
    return [tensor]


def test_the_server_and_its_models_are_ready_and_described(client):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("bert")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    metadata = client.get_model_metadata("bert")
    assert metadata["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}]
    assert metadata["outputs"][0]["name"] == "embedding"
    names = {model["name"] for model in client.get_model_repository_index()}
    assert {"markov", "bert", "mood"} <= names


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False])
def test_texts_are_embedded_in_either_form(client, binary_in, binary_out):
    outputs = [triton.InferRequestedOutput("embedding", binary_data=binary_out)]
    answer = client.infer(
        "bert", texts("text", ["a cat", "ein Hund, é"], binary_in), outputs=outputs,
        request_id="7")
    vectors = answer.as_numpy("embedding")
    assert vectors.shape[0] == 2 and vectors.dtype == numpy.float32
    assert numpy.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-4)
    assert answer.get_response()["id"] == "7"


def test_texts_are_labelled(client):
    answer = client.infer("mood", texts("text", ["good", "bad"]))
    scores, labels = answer.as_numpy("scores"), answer.as_numpy("label")
    assert scores.shape[0] == 2 and scores.sum(axis=1) == pytest.approx([1, 1], abs=1e-4)
    assert len(labels) == 2 and all(isinstance(label, bytes) for label in labels)


def test_text_is_generated_as_the_parameters_say(client):
    answer = client.infer(
        "markov", texts("text_input", ["The quick brown f", "I have no we"]),
        parameters={"max_tokens": 6, "temperature": 0})
    assert [text.decode() for text in answer.as_numpy("text_output")] == ["ox jum", "ights;"]


@pytest.mark.parametrize("model, tensors, outputs, words", [
    ("nobody", ("text", ["a"]), None, "nobody"),
    ("bert", ("speech", ["a"]), None, "expected text"),
    ("bert", ("text", ["a"]), "scores", "expected 'embedding'"),
])
def test_wrong_requests_are_errors_that_help(client, model, tensors, outputs, words):
    wanted = outputs and [triton.InferRequestedOutput(outputs)]
    with pytest.raises(InferenceServerException) as caught:
        client.infer(model, texts(*tensors), outputs=wanted)
    assert words in caught.value.message()


def test_a_tensor_of_numbers_is_refused(client):
    tensor = triton.InferInput("text", [1], "FP32")
    tensor.set_data_from_numpy(numpy.array([1], dtype=numpy.float32))
    with pytest.raises(InferenceServerException) as caught:
        client.infer("bert", [tensor])
    assert "BYTES" in caught.value.message()


def test_lengths_that_do_not_add_up_are_refused(client):
    for data in (b"\x05\x00\x00\x00ab", b"\x01\x00", b"\x01\x00\x00\x00\xff"):
        tensor = triton.InferInput("text", [1], "BYTES")
        tensor._raw_data = data
        tensor._parameters["binary_data_size"] = len(data)
        with pytest.raises(InferenceServerException):
            client.infer("bert", [tensor])


def test_only_an_admin_unloads_a_model(client):
    with pytest.raises(InferenceServerException):
        client.unload_model("mood")
    admin = {"authorization": "Bearer root"}
    client.unload_model("mood", headers=admin)
    assert not client.is_model_ready("mood")
    client.load_model("mood", headers=admin)
    assert client.is_model_ready("mood")

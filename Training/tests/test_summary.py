import numpy as np
import pytest
import torch

from common.phrases import Phrases
from common.seeds import generator
from summary import data, export, more
from summary.data import PREFIX, WORD, draw_document, encode_cut, encode_pair, held_out
from summary.evaluate import invented, kept, rouge_l, score
from summary.kinds import KINDS
from summary.model import build, loss
from summary.tokenizer import train_pieces


def test_no_held_out_line_is_trained_on():
    for kind in KINDS.values():
        for phrases in [*kind.lines, kind.fillers]:
            assert isinstance(phrases, Phrases) and phrases.readings(True)
            assert not set(phrases.readings()) & set(phrases.readings(True))


def test_further_lines_say_the_same_facts_and_are_not_held_out():
    for name, kind in KINDS.items():
        for line, further in zip(kind.lines, more.LINES[name], strict=True):
            assert not further.readings(True) and not set(further.readings()) & set(line.readings(True))
            keys = [key for key in kind.keys if all("{" + key + "}" in reading for reading in line.readings())]
            for reading in further.readings():
                assert all("{" + key + "}" in reading for key in keys if key not in "ab")


def test_every_key_fact_stands_in_text_and_summary():
    rng = generator("s")
    for number in range(300):
        document = draw_document(rng, number % 2 == 0)
        assert kept(document.facts, document.summary) == len(document.facts) == kept(document.facts, document.text)
        assert invented(document.text, document.summary, document.summary)[0] == 0


def test_the_measures_tell_right_from_wrong():
    documents = held_out(20)
    assert score(documents, [d.summary for d in documents]) | {"bars": 0} == {
        "kept": 100.0,
        "invented": 0.0,
        "rouge_l": 1.0,
        "bars": 0,
    }
    shifted = [d.summary for d in documents[1:] + documents[:1]]
    assert score(documents, shifted)["kept"] < 60 and score(documents, shifted)["invented"] > 20
    assert rouge_l("a b c d", "a x c d") == pytest.approx(0.75)


def test_a_block_is_the_same_for_the_same_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "BLOCK", 30)
    pieces = train_pieces(tmp_path / "spiece.model", 1, 700)
    first, again, other = (data.block(pieces, 1, number) for number in (0, 0, 1))
    same = lambda a, b: (
        all(map(np.array_equal, a["text"], b["text"])) and all(map(np.array_equal, a["summary"], b["summary"]))
    )
    assert same(first, again) and not same(first, other)


def test_words_are_cut_alike_in_text_and_summary(tmp_path):
    pieces, rng = train_pieces(tmp_path / "spiece.model", 1, 700), generator("cut")
    assert str(tmp_path).encode() not in (tmp_path / "spiece.model").read_bytes()
    for _ in range(100):
        document = draw_document(rng)
        assert encode_cut(pieces, document.text, {w: pieces.encode(w) for w in WORD.findall(document.text)}) == (
            pieces.encode(document.text)
        )
    otherwise = 0
    for _ in range(20):
        text, summary = encode_pair(pieces, rng, document.text, document.summary)
        assert pieces.decode(text) == document.text.replace("\n", " ") and pieces.decode(summary) == document.summary
        otherwise += summary != pieces.encode(document.summary)
    assert 0 < otherwise < 20


def test_the_export_loads_in_transformers_with_the_same_ids(tmp_path):
    pieces = train_pieces(tmp_path / "spiece.model", 1, 700)
    torch.manual_seed(1)
    model = build(len(pieces)).eval()
    export.write_folder(tmp_path / "out", model, tmp_path / "spiece.model")
    export.write_golden(tmp_path / "out", pieces, 1)
    loaded, tokenizer = export.load(tmp_path / "out")
    text = PREFIX + held_out(1)[0].text
    assert tokenizer(text).input_ids == pieces.encode(text) + [1]
    ids = torch.tensor([pieces.encode(text) + [1]])
    model.load_state_dict({n: t.half().float() for n, t in model.state_dict().items()})
    with torch.no_grad():
        ours, theirs = (m(input_ids=ids, decoder_input_ids=ids[:, :5]).logits for m in (model, loaded))
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_a_step_of_training_gives_a_finite_loss():
    labels = torch.tensor([[5, 6, 1], [7, 1, -100]])
    value, numbers = loss(
        build(700), (torch.ones(2, 16, dtype=torch.long), torch.ones(2, 16, dtype=torch.long), labels)
    )
    assert torch.isfinite(value) and 0 <= numbers["right"] <= 1

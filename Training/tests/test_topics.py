import pytest
import torch

from common.seeds import generator
from topics import export, recipe
from topics.data import held_out, questions, span
from topics.evaluate import answer
from topics.model import TASKS, Heads, loss
from topics.opinions import _DENIED, _NEUTRAL, _OPINION, _TURNED
from topics.questions import draw_question
from topics.subjects import _PATTERNS
from topics.tokenizer import train_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return train_tokenizer(tmp_path_factory.mktemp("topics") / "tokenizer.json", 1, 900)


def test_no_held_out_pattern_is_trained_on():
    for phrases in (_OPINION, _TURNED, _DENIED, _NEUTRAL, *_PATTERNS.values()):
        assert phrases.readings(True) and not set(phrases.readings()) & set(phrases.readings(True))


def test_the_answer_is_a_piece_of_the_passage(tokenizer):
    rng = generator("q")
    for _ in range(100):
        each = draw_question(rng, unanswerable=0)
        encoding = tokenizer.encode(each.question, each.passage)
        first, last = span(encoding, each.start, each.end)
        assert each.answer
        assert each.passage[encoding.offsets[first][0] : encoding.offsets[last][1]].lower() == each.answer.lower()


def test_what_a_passage_does_not_say_points_at_the_first_token(tokenizer):
    rng = generator("q")
    for _ in range(100):
        each = draw_question(rng, unanswerable=1)
        assert each.answer == ""
        assert span(tokenizer.encode(each.question, each.passage), each.start, each.end) == [0, 0]


def test_the_answer_lies_in_the_passage_or_is_none(tokenizer):
    encoding = tokenizer.encode("who is it", "it is ana blake")
    scores = [[float(i == 1) for i in range(len(encoding.ids))]] * 2
    start, end = answer(*scores, encoding)
    assert 0 <= start < end <= len("it is ana blake")
    scores = [[float(i == 0) for i in range(len(encoding.ids))]] * 2
    assert answer(*scores, encoding) == (0, 0)


@pytest.mark.parametrize("task", TASKS)
def test_exports_give_the_same_logits_in_transformers(tokenizer, tmp_path, task):
    torch.manual_seed(1)
    model = Heads(tokenizer.get_vocab_size()).eval()
    model.load_state_dict({n: t.half().float() if t.is_floating_point() else t for n, t in model.state_dict().items()})
    export.write_folder(tmp_path, model, tokenizer, task)
    export.write_golden(tmp_path, task, 2)
    reference, loaded = export.load(tmp_path, task)
    example = held_out(task, 1)[0]
    texts = example[:2] if task == "answers" else example[:1]
    inputs = loaded(*texts, return_tensors="pt")
    assert inputs.input_ids[0].tolist() == tokenizer.encode(*texts).ids
    with torch.no_grad():
        ours = model(task, inputs.input_ids, inputs.token_type_ids, inputs.attention_mask)[0]
        out = reference(**inputs)
    theirs = torch.cat([out.start_logits, out.end_logits]) if task == "answers" else out.logits[0]
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_a_step_of_training_gives_a_finite_loss(tokenizer):
    rng = generator("q")
    batch = {"answers": questions(tokenizer, [draw_question(rng) for _ in range(3)])}
    value, _ = loss(Heads(tokenizer.get_vocab_size()), batch)
    assert torch.isfinite(value)


def test_stages_are_trained_in_turn_and_released_with_cards(tokenizer, tmp_path):
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    recipe.train(tmp_path, 1e-9, 1, 0.25)
    assert [recipe.training_summary(tmp_path / stage)["steps"] for stage in recipe.STAGES] == [1, 1]
    recipe.release(tmp_path, tmp_path / "Models", 0.01)
    for task in TASKS:
        card = (tmp_path / "Models" / task / "README.md").read_text()
        assert card.startswith(f"# {task}") and "not measured" not in card
        assert (tmp_path / "Models" / task / "golden.safetensors").exists()

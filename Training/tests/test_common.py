import time

import numpy as np
import pytest
import torch

from common.blocks import Rows, batches_by_length, prepare
from common.card import fill_card
from common.checkpoint import load_weights, save_weights
from common.device import seconds
from common.loop import Settings, Trainer
from common.optimizer import MuonAndAdamW
from common.phrases import Phrases, expand
from common.seeds import generator, is_held
from common.words import FIRST_NAMES, FOODS, TOWNS, invented, part, pick
from mean import mean


def test_brackets_expand_and_nest():
    assert expand("[a|b [c|d]] {x}") == ["a {x}", "b c {x}", "b d {x}"]
    with pytest.raises(ValueError):
        expand("[a|b")


def test_a_draw_from_one_part_never_gives_a_reading_of_the_other():
    phrases = Phrases("[tell|show|give|bring] [me|us] [the|a] [dog|cat]", held=("where is the dog?",))
    train, held = set(phrases.readings()), set(phrases.readings(True))
    assert train and held and not train & held


def test_an_article_before_a_vowel_becomes_an():
    assert Phrases("a {x} and a {y}").draw(generator(1), x="apple", y="euro") == "An apple and a euro"


def test_names_are_known_or_held_out_never_both():
    for words in (FIRST_NAMES, TOWNS):
        assert not set(part(tuple(words), True)) & set(part(tuple(words), False))
    rng = generator(1)
    assert not {invented(rng, True) for _ in range(300)} & {invented(rng, False) for _ in range(3000)}


def test_a_word_of_a_list_is_never_held_out_in_training_nor_unknown_in_a_test():
    rng = generator("pick")
    drawn = {pick(rng, FOODS) for _ in range(500)}
    assert not any(is_held(word, 0.2) for word in drawn) and drawn - set(FOODS)
    assert {pick(rng, FOODS, True) for _ in range(200)} == set(part(tuple(FOODS), True))


def test_the_same_seed_gives_the_same_stream():
    assert [generator("x", 1).random() for _ in range(2)] == [generator("x", 1).random()] * 2
    assert is_held("Paris") == is_held(" paris ")


def test_blocks_come_back_as_ragged_rows(tmp_path):
    paths = prepare(tmp_path, lambda n: {"ids": [np.arange(n + 1), np.arange(3)]}, 3)
    rows = Rows(paths)
    assert [rows.row("ids", i).tolist() for i in range(6)] == [[0], [0, 1, 2], [0, 1], [0, 1, 2], [0, 1, 2], [0, 1, 2]]
    assert rows.padded("ids", [0, 1], -1, 4).tolist() == [[0, -1, -1, -1], [0, 1, 2, -1]]


def test_every_row_is_in_one_batch_of_an_epoch_and_none_is_over_budget():
    lengths = np.array([3, 9, 4, 7, 5, 8])
    batches, seen = batches_by_length(lengths, 16, np.random.default_rng(1)), []
    while len(seen) < 6:
        group = next(batches)
        assert len(group) * lengths[group].max() <= 16
        seen += group
    assert sorted(seen) == list(range(6))


def test_weights_are_split_into_shards_and_come_back(tmp_path):
    tensors = {f"w{i}": torch.randn(1000, 3000).half().float() for i in range(4)}
    assert len(save_weights(tmp_path, tensors)) == 2
    assert all(torch.equal(load_weights(tmp_path)[name], tensors[name]) for name in tensors)


def test_the_mean_of_runs_is_that_of_each_weight_and_of_one_model_only(tmp_path):
    save_weights(tmp_path / "a", {"w": torch.tensor([1.0, 2.0]), "b": torch.zeros(3)})
    save_weights(tmp_path / "b", {"w": torch.tensor([3.0, 6.0]), "b": torch.ones(3)})
    found = mean([tmp_path / "a", tmp_path / "b"])
    assert found["w"].tolist() == [2, 4] and found["b"].tolist() == [0.5] * 3
    save_weights(tmp_path / "c", {"w": torch.zeros(3)})
    for runs in (["a", "c"], ["nothing"]):
        with pytest.raises(SystemExit):
            mean([tmp_path / name for name in runs])


def _network():
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, padding=1),
        torch.nn.Conv2d(16, 16, 3, padding=1),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 8),
    )


def _trainer(folder, steps, muon):
    loss = lambda model, batch: (model(batch).square().mean(), {})
    return Trainer(_network(), loss, Settings(steps, warmup=1, muon=muon), folder)


@pytest.mark.parametrize("muon", [0, 2])
def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, muon):
    batches = iter([torch.ones(2, 3, 2, 2)] * 99)
    first = _trainer(tmp_path, 5, muon)
    first.run(batches)
    before = first.optimizer.state_dict()
    second = _trainer(tmp_path, 8, muon)
    after = second.optimizer.state_dict()
    assert second.step == 5 and len(before) == len(after) == (2 if muon else 1)
    for old, new in zip(before, after):
        assert new["state"] and all(
            torch.equal(old["state"][i][name], value)
            for i, kept in new["state"].items()
            for name, value in kept.items()
        )
    second.run(batches)
    assert second.step == 8


def test_muon_takes_hidden_layers_and_moves_them_in_every_direction_alike():
    model = _network()
    optimizer = MuonAndAdamW(model, 1e-2, 0, (0.9, 0.99), 1, False)
    assert [tuple(matrix.shape) for _, matrix in optimizer.flat] == [(16, 144), (8, 64)]
    before = [parameter.detach().clone() for parameter in model.parameters()]
    model(torch.randn(64, 3, 2, 2)).square().mean().backward()
    optimizer.step()
    assert all(not torch.equal(old, new) for old, new in zip(before, model.parameters()))
    assert all(parameter.grad is None for parameter in model.parameters())
    moved = torch.linalg.svdvals((model[3].weight - before[4]).detach())
    assert moved.min() > 0.5 * moved.max()


def test_a_parameter_may_learn_slower_than_the_others():
    model = _network()
    model[3].weight.rate = 0.5
    optimizer = MuonAndAdamW(model, 1e-2, 0, (0.9, 0.99), 2, False)
    rates = [group["lr"] for group in optimizer.parts[1].param_groups]
    assert rates == pytest.approx([2e-2, 1e-2])


def test_minutes_on_the_cpu_are_the_processors_for_each_thread(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(time, "process_time", lambda: 90.0)
    assert seconds() == 45


def test_a_card_says_what_was_not_measured(tmp_path):
    (tmp_path / "card.md").write_text("{{quality.known facts}} % of {{size}}, {{quality.four.right}}")
    fill_card(tmp_path / "card.md", tmp_path / "README.md", quality={"known facts": 95.5}, size="7 M")
    assert (tmp_path / "README.md").read_text() == "95.5 % of 7 M, not measured"

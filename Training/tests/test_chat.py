import pytest
import torch

from chat import about_roost, more, passages, smalltalk, unknown
from chat.evaluate import is_right, looks_whole
from chat.export import gguf_name, interleaved, write_folder, write_gguf
from chat.facts import facts_by_relation
from chat.mixture import KINDS, draw_training, held_out
from chat.model import Configuration, Llama
from chat.passages import Text
from chat.phrasings import PHRASINGS
from chat.template import JINJA, encoded, render
from chat.tokenizer import train_tokenizer
from common.seeds import generator, is_held

ALL = {**PHRASINGS, **{a: p for p, a in about_roost.ROOST + smalltalk.SMALLTALK}, "open": unknown._OPEN}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return train_tokenizer(tmp_path_factory.mktemp("chat") / "tokenizer.json", 1, 600, 800)


@pytest.fixture(scope="module")
def model(tokenizer):
    torch.manual_seed(3)
    return Llama(
        Configuration(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            head_dim=32,
            num_attention_heads=2,
            num_key_value_heads=1,
        )
    ).eval()


def test_conversations_are_the_same_for_the_same_seed():
    draw = lambda: [draw_training(rng).messages for rng in [generator("t", 1)] for _ in range(50)]
    assert draw() == draw()


@pytest.mark.parametrize("name", ALL)
def test_no_held_out_phrasing_is_trained_on(name):
    train, held = (set(r.lower().strip(" ?.!") for r in ALL[name].readings(part)) for part in (False, True))
    assert train and not train & held


def test_further_ways_to_ask_are_not_held_out_ones():
    asked = {key: attribute.asks for key, attribute in (passages._PEOPLE | passages._EVENTS).items()}
    further = more.FACTS | more.TALK | more.ROOST
    assert set(further) | {"open"} == set(ALL) and set(more.PASSAGES) == set(asked)
    for key, phrases in [*further.items(), *more.PASSAGES.items()]:
        plain = lambda readings: {reading.lower().strip(" ?.!,") for reading in readings}
        assert not phrases.readings(True)
        assert not plain(phrases.readings()) & plain((ALL | asked)[key].readings(True))


def test_every_relation_has_facts_and_an_unheld_and_a_held_question():
    for relation, facts in facts_by_relation().items():
        assert facts and PHRASINGS[relation].readings() and PHRASINGS[relation].readings(True)


def test_no_test_question_appears_in_a_long_stretch_of_training():
    rng = generator("chat data", 1, 0)
    seen = {
        message[1].lower().strip(" ?.!")
        for _ in range(6000)
        for message in draw_training(rng).messages
        if message[0] == "user"
    }
    for kind in ("fact", "roost", "unknown", "passage", "json", "story"):
        for dialogue in held_out(kind, 60):
            assert (
                dialogue.prompt[-1][1].lower().strip(" ?.!") not in seen
                or dialogue.prompt[0][0] == "system"
                or len(dialogue.prompt) > 1
            )


def test_held_out_passages_name_only_held_out_people():
    rng = generator("p")
    for _ in range(200):
        text = Text(rng, True)
        assert all(is_held(name, 0.2) for name in text.names)
        assert all(str(value) in text.text for value in text.values.values())


def test_a_story_that_repeats_itself_is_not_whole():
    story = held_out("story", 1)[0]
    assert looks_whole(story, story.answer)
    assert not looks_whole(story, story.answer + " " + story.answer)
    assert not looks_whole(story, story.answer.replace(story.wanted[-1], "thing"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_right_answer_is_accepted_and_another_refused(kind):
    for dialogue in held_out(kind, 20):
        assert is_right(dialogue, dialogue.answer)
        assert not is_right(dialogue, "Something else")


def test_our_rendering_is_the_templates(tokenizer):
    import jinja2

    messages = [("system", "Be kind."), ("user", "Hello"), ("assistant", "Hi")]
    rows = [{"role": r, "content": c} for r, c in messages]
    for prompt in (True, False):
        assert jinja2.Template(JINJA).render(messages=rows, add_generation_prompt=prompt) == render(messages, prompt)
    ids, weights = encoded(tokenizer, messages)
    assert ids == tokenizer.encode(render(messages)).ids
    assert tokenizer.decode([i for i, w in zip(ids, weights) if w], skip_special_tokens=False) == "Hi<|im_end|>"


def test_our_network_is_transformers_llama(model, tokenizer, tmp_path):
    from chat.goldens import load

    write_folder(tmp_path, model, tokenizer)
    reference, loaded = load(tmp_path)
    ids = torch.tensor([tokenizer.encode("What is the capital of France?").ids])
    with torch.no_grad():
        half = {n: t.half().float() for n, t in model.state_dict().items()}
        model.load_state_dict(half)
        assert torch.allclose(model(ids), reference(ids).logits, atol=2e-5)
    assert loaded("What is the capital?").input_ids == tokenizer.encode("What is the capital?").ids


def test_cached_steps_equal_one_pass(model):
    from chat.model import Cache

    ids, cache = torch.randint(0, 500, (2, 9)), Cache()
    with torch.no_grad():
        whole = model(ids)
        first = model(ids[:, :4], 0, cache)
        rest = [model(ids[:, i : i + 1], i, cache) for i in range(4, 9)]
    assert torch.allclose(torch.cat([first, *rest], 1), whole, atol=1e-4)


@pytest.mark.parametrize("kind, tolerance", [("F32", 0), ("Q8_0", 1e-2)])
def test_gguf_holds_the_same_tensors_under_llama_cpps_names(model, tokenizer, tmp_path, kind, tolerance):
    import gguf

    path = tmp_path / "m.gguf"
    write_gguf(path, model, tokenizer, gguf.GGMLQuantizationType[kind])
    reader = gguf.GGUFReader(path)
    tensors = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in reader.tensors}
    for name, value in model.state_dict().items():
        wanted = value.numpy()
        heads = {"q_proj": 2, "k_proj": 1}.get(name.split(".")[-2], 0)
        wanted = interleaved(wanted, heads) if heads else wanted
        assert abs(tensors[gguf_name(name)].reshape(wanted.shape) - wanted).max() <= tolerance * abs(wanted).max()
    assert reader.fields["general.architecture"].contents() == "llama"
    assert reader.fields["tokenizer.chat_template"].contents() == JINJA
    assert reader.fields["llama.attention.head_count_kv"].contents() == 1


def test_neighbours_in_gguf_are_the_pairs_of_the_two_halves():
    import numpy as np

    rows = np.arange(8)[:, None]
    assert interleaved(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]

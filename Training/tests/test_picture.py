import copy

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from common.checkpoint import load_weights
from common.seeds import generator
from picture import export, fast, recipe
from picture.checker import check
from picture.drawing import COLOURS, FIXED, KINDS, draw_scene
from picture.evaluate import held_out
from picture.model import LATENTS, DenoiserLoss, Painter, build_autoencoder, scheduler
from picture.sampling import paint
from picture.scenes import PLACES, draw_example, fits
from picture.tokenizer import LENGTH, encode, load_tokenizer, train_tokenizer


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("picture") / "tokenizer"
    train_tokenizer(folder, 1)
    return folder


@pytest.fixture(scope="module")
def parts(tokens):
    torch.manual_seed(1)
    tokenizer = load_tokenizer(tokens)
    painter = Painter(tokenizer).eval()
    return {
        "tokenizer": tokenizer,
        "text": painter.text,
        "unet": painter.unet,
        "autoencoder": build_autoencoder().eval(),
        "painter": painter,
    }


def _scenes(count):
    rng = generator("checker")
    return [draw_example(rng, None) for _ in range(count)]


def test_scenes_are_the_same_for_the_same_seed_and_parts_are_disjoint():
    assert [s.caption for s in _scenes(20)] == [s.caption for s in _scenes(20)]
    rng = generator("x")
    trained = {key for _ in range(1500) for key in draw_example(rng).keys}
    assert all(any(key not in trained for key in scene.keys) for scene in held_out(100))


def test_the_checker_accepts_what_the_generator_draws():
    scenes = _scenes(400)
    right = sum(check(draw_scene(scene), scene)["right"] for scene in scenes)
    assert right >= 0.99 * len(scenes)


def _another(rng, current, choices):
    return rng.choice([choice for choice in choices if choice != current])


def _spoiled(rng, scene):
    """The picture of another scene: one property changed that the caption names, and that property."""
    other = copy.deepcopy(scene)
    item = other.items[0]
    what = rng.choice(["colour", "shape", "count"] + (["position"] if scene.place or scene.relation else []))
    if what == "colour":
        if item.kind in FIXED:
            return None
        item.colour = _another(rng, item.colour, [c for c in COLOURS if fits(c, scene.background)])
    elif what == "shape":
        item.kind = _another(rng, item.kind, [k for k in KINDS if k not in FIXED or item.colour == FIXED[k]])
    elif what == "count":
        other.items = other.items[1:]
    elif scene.relation:
        first, second = other.items
        first.x, first.y, second.x, second.y = second.x, second.y, first.x, first.y
    else:
        item.x = 128 - item.x if abs(item.x - 64) > 16 else 32
    return other, what


def test_the_checker_refuses_what_was_not_asked_for():
    rng = generator("spoil")
    cases = [(scene, _spoiled(rng, scene)) for scene in _scenes(400)]
    cases = [(scene, *spoiled) for scene, spoiled in cases if spoiled]
    passed = [(scene.caption, what) for scene, other, what in cases if check(draw_scene(other), scene)["right"]]
    assert len(passed) <= 0.01 * len(cases), passed


def test_noise_and_an_empty_picture_are_refused():
    scenes, rng = _scenes(30), np.random.default_rng(1)
    assert not any(check(rng.integers(0, 255, (128, 128, 3), dtype=np.uint8), s)["right"] for s in scenes)
    assert not any(check(draw_scene(copy.copy(s).__class__(s.background, [])), s)["right"] for s in scenes)


def test_captions_come_back_from_their_tokens(parts):
    for scene in _scenes(50):
        ids = encode(parts["tokenizer"], [scene.caption])[0]
        assert (
            ids.shape == (LENGTH,)
            and parts["tokenizer"].decode(ids, skip_special_tokens=True).split()
            == scene.caption.replace(",", " ,").split()
        )


def test_the_directory_loads_in_diffusers_and_paints_the_same(parts, tokens, tmp_path):
    export.write_pipeline(tmp_path / "picture", parts, parts["unet"], scheduler(), tokens)
    export.write_pipeline(tmp_path / "picture-fast", parts, parts["unet"], scheduler(), tokens)
    export.share_parts(tmp_path / "picture-fast", tmp_path / "picture")
    export.write_golden(tmp_path / "picture", steps=2)
    export.write_golden(tmp_path / "picture-fast", steps=2, guidance=1)
    pipeline = export.load(tmp_path / "picture")
    parts = pipeline.unet, pipeline.text_encoder, pipeline.vae, pipeline.tokenizer
    ours = paint(*parts, scheduler(), ["a red circle"], 2, 4.0, bfloat16=False)
    grain = torch.randn(1, LATENTS, 16, 16, generator=torch.Generator().manual_seed(1000))
    theirs = pipeline(
        "a red circle",
        num_inference_steps=2,
        guidance_scale=4.0,
        latents=grain,
        height=128,
        width=128,
        output_type="np",
    ).images[0]
    assert np.abs(ours[0] / 255 - theirs).max() < 0.005  # ours are bytes


def test_losses_are_finite_and_only_the_student_learns(parts):
    empty = encode(parts["tokenizer"], [""])
    batch = torch.randn(2, LATENTS, 16, 16), encode(parts["tokenizer"], ["a red circle", "a tree"])
    loss, _ = DenoiserLoss(empty, torch.device("cpu"))(parts["painter"], batch)
    assert torch.isfinite(loss)
    student = fast.Student(copy.deepcopy(parts["painter"]))
    loss, _ = fast.DistillationLoss(student, empty, torch.device("cpu"))(student, batch)
    loss.backward()
    assert all(name.startswith("unet.") for name, _ in student.named_parameters())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in student.parameters())


def test_a_step_to_the_students_target_lands_where_the_teacher_does(parts, monkeypatch):
    """Four of the teacher's steps, by diffusers' scheduler, beside one to what the student is asked for."""
    painter, tokenizer = parts["painter"], parts["tokenizer"]
    monkeypatch.setattr(fast, "WALK", 5)  # 20 steps on 4 nodes
    loss = fast.DistillationLoss(fast.Student(copy.deepcopy(painter)), encode(tokenizer, [""]), torch.device("cpu"))
    states, nothing = (painter.states(encode(tokenizer, [text])).detach() for text in ("a red circle", ""))
    steps = scheduler()
    steps.set_timesteps(20)
    for number, start in enumerate([1000, 750, 500, 250]):
        begun = latents = torch.randn(1, LATENTS, 16, 16)
        for step in steps.timesteps[5 * number : 5 * number + 5]:
            with torch.no_grad():
                given, free = (painter(latents, step, text) for text in (states, nothing))
            latents = steps.step(free + fast.GUIDANCE * (given - free), step, latents).prev_sample
        levels = torch.tensor([start]), torch.tensor([start - 250])
        with torch.no_grad():
            clean = loss.target(begun, *levels, states, nothing)
        (keep, noise), (keep_there, noise_there) = (loss._levels(level) for level in levels)
        landed = keep_there * clean + noise_there * (begun - keep * clean) / noise
        assert torch.allclose(landed, latents, atol=1e-3)


def test_all_stages_follow_on_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr(recipe, "PICTURES", 128)
    recipe.train(tmp_path, 0.002, 1)  # a step of each
    encoders = [load_weights(tmp_path / stage)["encoder.conv_in.weight"] for stage in ("autoencoder", "decoder")]
    assert torch.equal(*encoders)
    parts = recipe.load(tmp_path)
    assert not torch.equal(parts["unet"].conv_in.weight, parts["fast"].conv_in.weight)
    latents = (
        load_file(tmp_path / "latents.safetensors")["latents"].float() * parts["autoencoder"].config.scaling_factor
    )
    assert latents.shape == (128, LATENTS, 16, 16) and 0.7 < latents.std() < 1.4


def test_every_kind_has_templates_for_its_colours():
    from picture.checker import templates

    names, paints, covers = templates()
    assert len(names) == len(paints) == len(covers) == len(COLOURS) * (len(KINDS) - len(FIXED)) + len(FIXED)
    assert set(PLACES.values()) >= {"left", "middle", "bottom right"}

"""The images tab: an image is asked for, grows sharper, and stays at hand. With IMAGES_PICTURE=FILE an image of it is written."""
import os
import pathlib

import pytest

from browser import Page, needs_browser
from conftest import ROOT, Host, markov
from painter import hills, painter  # noqa: F401
from selenium.webdriver.common.keys import Keys

pytestmark = needs_browser
DONE = "document.querySelector('.image-view:not(.making) img')"


@pytest.fixture(scope="module")
def serving(painter, tmp_path_factory):  # noqa: F811
    host = Host(tmp_path_factory.mktemp("images"), markov() + hills(pace=60), painter)
    yield host
    host.stop()


@pytest.fixture
def page(serving):
    page = Page(serving.url + "/#/images")
    page.wait("!document.getElementById('image-model').disabled", "the model is there")
    yield page
    page.close()


def make(page, text):
    page.write("#image-prompt", text)
    page.find("#image-prompt").send_keys(Keys.ENTER)


def test_an_image_grows_and_is_shown_with_what_it_came_from(page):
    page.write("#image-steps", "20")
    page.write("#image-seed", "12")
    make(page, "a red house by a lake")
    page.wait("document.querySelector('.making img[src]:not([hidden])')", "a preview is shown")
    blurred = page.run("return parseFloat(document.querySelector('.making img').style.getPropertyValue('--blur'))")
    assert 0 < blurred < 14
    assert page.run("return document.querySelector('.making progress').max") == 20
    page.wait(DONE, "the image is done")
    assert page.run(f"return [{DONE}.naturalWidth, {DONE}.naturalHeight, {DONE}.alt]") == [
        64, 32, "a red house by a lake"]
    assert "seed 12" in page.find(".image-view-foot").text
    assert page.run("return document.getElementById('announcer').textContent") == (
        "The image is done: a red house by a lake")
    assert page.console_errors() == []


def test_images_stay_at_hand_in_the_session(page):
    for count, text in enumerate(["first hill", "second hill"], 1):
        make(page, text)
        page.wait(f"document.querySelectorAll('#gallery li').length === {count} && {DONE}", f"image {count} is done")
    assert page.texts("#gallery li") == ["second hill", "first hill"]
    page.click("#gallery li:last-child button")
    assert page.run(f"return {DONE}.alt") == "first hill"
    page.click("#another")
    page.wait("document.querySelectorAll('#gallery li').length === 3", "another one is done")
    assert page.texts("#gallery li")[0] == "first hill"
    sources = page.run("return [...document.querySelectorAll('#gallery img')].map((image) => image.src)")
    assert len(set(sources)) == 3


def test_an_image_is_saved_under_the_name_of_its_prompt(page):
    page.write("#image-seed", "4")
    make(page, "A hill, at night!")
    page.wait(DONE, "the image is done")
    page.run('''window.saved = null;
                HTMLAnchorElement.prototype.click = function () { window.saved = [this.download, this.href]; };
                document.querySelector('.image-view button[aria-label="Download"]').click()''')
    page.wait("window.saved", "it is saved")
    name, address = page.run("return window.saved")
    assert name == "a-hill-at-night-4.png" and address.startswith("blob:")


def test_escape_stops_an_image_and_frees_the_model(page, serving):
    before = serving.metric("roost_jobs_cancelled_total")
    page.write("#image-steps", "1000")
    make(page, "a hill without end")
    page.wait("document.querySelector('.making progress')?.value > 0", "it is under way")
    page.press(Keys.ESCAPE)
    page.wait("!document.querySelector('.image-view') && !document.getElementById('make-image').disabled", "it is stopped")
    serving.wait_for(lambda: serving.metric("roost_jobs_cancelled_total") == before + 1, "the host stopped")
    assert page.console_errors() == []


def test_a_refusal_is_shown_in_the_hosts_words(painter, make_host):  # noqa: F811
    host = make_host(markov() + hills(at="begin", do="argument", when="hill"), painter)
    page = Page(host.url + "/#/images")
    try:
        make(page, "a hill")
        page.wait("document.querySelector('#image-view .advice')", "the refusal is shown")
        assert page.texts("#image-view .advice") == ["Not a thing to paint."]
    finally:
        page.close()


def test_a_host_without_such_a_model_says_what_is_missing(make_host):
    page = Page(make_host(markov()).url + "/#/images")
    try:
        page.wait("document.querySelector('#images-column .welcome').offsetParent", "it is said")
        assert not page.find("#image-form").is_displayed()
    finally:
        page.close()


def test_a_host_that_makes_images_only_opens_on_them(painter, make_host):  # noqa: F811
    page = Page(make_host(hills(), painter).url, has_models=False)
    try:
        page.wait("document.body.dataset.tab === 'images'", "the tab is open")
    finally:
        page.close()


@pytest.mark.parametrize("width, height", [(1280, 800), (820, 700), (390, 780), (320, 568)])
def test_every_layout_fits_its_window(serving, width, height):
    page = Page(serving.url + "/#/images", width=width, height=height)
    try:
        page.click("#image-more summary")
        make(page, "unbreakable" * 30)
        page.wait(DONE, "the image is done")
        assert page.overflow <= 0
        tabs = page.run("return document.querySelector('.tabs').scrollWidth - document.querySelector('.tabs').clientWidth")
        assert tabs <= 0
    finally:
        page.close()


@pytest.mark.skipif("IMAGES_PICTURE" not in os.environ, reason="IMAGES_PICTURE names no file for the image")
def test_an_image_of_the_images(make_host):
    model = (f'[[models]]\nname = "picture"\nsource = "{ROOT}/Models/picture"\n'
             'settings = { steps = 20, guidance = 1.75 }\n')
    host = make_host(markov() + model, '[plugins.stable-diffusion]\nlibrary = "libStableDiffusion.so"\n')
    page = Page(host.url + "/#/images", width=1100, height=760)
    try:
        page.wait("!document.getElementById('image-model').disabled", "the model is there")
        for seed, text in [(5, "four little yellow houses on a light blue background"), (4, "a big green tree on a beige background"),
                           (3, "a purple star over a red boat on the sea")]:
            page.write("#image-seed", str(seed))
            make(page, text)
            page.wait(f"""document.querySelector('.image-view:not(.making) img[alt="{text}"]')""", "the image is done")
        page.run("document.getAnimations().forEach((animation) => animation.finish())")
        path = pathlib.Path(os.environ["IMAGES_PICTURE"])
        path.parent.mkdir(parents=True, exist_ok=True)
        assert page.driver.save_screenshot(str(path))
    finally:
        page.close()

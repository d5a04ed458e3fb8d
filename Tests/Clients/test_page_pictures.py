"""The pictures tab: a picture is asked for, grows sharper, and stays at hand. With PICTURES_PICTURE=FILE a picture of it is written."""
import os
import pathlib

import pytest

from browser import Page, needs_browser
from conftest import ROOT, Host, markov
from painter import hills, painter  # noqa: F401
from selenium.webdriver.common.keys import Keys

pytestmark = needs_browser
DONE = "document.querySelector('.easel:not(.making) img')"


@pytest.fixture(scope="module")
def serving(painter, tmp_path_factory):  # noqa: F811
    host = Host(tmp_path_factory.mktemp("pictures"), markov() + hills(pace=60), painter)
    yield host
    host.stop()


@pytest.fixture
def page(serving):
    page = Page(serving.url + "/#/pictures")
    page.wait("!document.getElementById('picture-model').disabled", "the model is there")
    yield page
    page.close()


def make(page, text):
    page.write("#picture-prompt", text)
    page.find("#picture-prompt").send_keys(Keys.ENTER)


def test_a_picture_grows_and_is_shown_with_what_it_came_from(page):
    page.write("#picture-steps", "20")
    page.write("#picture-seed", "12")
    make(page, "a red house by a lake")
    page.wait("document.querySelector('.making img[src]:not([hidden])')", "a preview is shown")
    blurred = page.run("return parseFloat(document.querySelector('.making img').style.getPropertyValue('--blur'))")
    assert 0 < blurred < 14
    assert page.run("return document.querySelector('.making progress').max") == 20
    page.wait(DONE, "the picture is done")
    assert page.run(f"return [{DONE}.naturalWidth, {DONE}.naturalHeight, {DONE}.alt]") == [
        64, 32, "a red house by a lake"]
    assert "seed 12" in page.find(".easel-foot").text
    assert page.run("return document.getElementById('announcer').textContent") == (
        "The picture is done: a red house by a lake")
    assert page.console_errors() == []


def test_pictures_stay_at_hand_in_the_session(page):
    for count, text in enumerate(["first hill", "second hill"], 1):
        make(page, text)
        page.wait(f"document.querySelectorAll('#gallery li').length === {count} && {DONE}", f"picture {count} is done")
    assert page.texts("#gallery li") == ["second hill", "first hill"]
    page.click("#gallery li:last-child button")
    assert page.run(f"return {DONE}.alt") == "first hill"
    page.click("#another")
    page.wait("document.querySelectorAll('#gallery li').length === 3", "another one is done")
    assert page.texts("#gallery li")[0] == "first hill"
    sources = page.run("return [...document.querySelectorAll('#gallery img')].map((image) => image.src)")
    assert len(set(sources)) == 3


def test_a_picture_is_saved_under_the_name_of_its_prompt(page):
    page.write("#picture-seed", "4")
    make(page, "A hill, at night!")
    page.wait(DONE, "the picture is done")
    page.run('''window.saved = null;
                HTMLAnchorElement.prototype.click = function () { window.saved = [this.download, this.href]; };
                document.querySelector('.easel button[aria-label="Download"]').click()''')
    page.wait("window.saved", "it is saved")
    name, address = page.run("return window.saved")
    assert name == "a-hill-at-night-4.png" and address.startswith("blob:")


def test_escape_stops_a_picture_and_frees_the_model(page, serving):
    before = serving.metric("roost_jobs_cancelled_total")
    page.write("#picture-steps", "1000")
    make(page, "a hill without end")
    page.wait("document.querySelector('.making progress')?.value > 0", "it is under way")
    page.press(Keys.ESCAPE)
    page.wait("!document.querySelector('.easel') && !document.getElementById('make-picture').disabled", "it is stopped")
    serving.wait_for(lambda: serving.metric("roost_jobs_cancelled_total") == before + 1, "the host stopped")
    assert page.console_errors() == []


def test_a_refusal_is_shown_in_the_hosts_words(painter, make_host):  # noqa: F811
    host = make_host(markov() + hills(at="begin", do="argument", when="hill"), painter)
    page = Page(host.url + "/#/pictures")
    try:
        make(page, "a hill")
        page.wait("document.querySelector('#easel .advice')", "the refusal is shown")
        assert page.texts("#easel .advice") == ["Not a thing to paint."]
    finally:
        page.close()


def test_a_host_without_such_a_model_says_what_is_missing(make_host):
    page = Page(make_host(markov()).url + "/#/pictures")
    try:
        page.wait("document.querySelector('#pictures-column .welcome').offsetParent", "it is said")
        assert not page.find("#picture-form").is_displayed()
    finally:
        page.close()


def test_a_host_that_makes_pictures_only_opens_on_them(painter, make_host):  # noqa: F811
    page = Page(make_host(hills(), painter).url, has_models=False)
    try:
        page.wait("document.body.dataset.tab === 'pictures'", "the tab is open")
    finally:
        page.close()


@pytest.mark.parametrize("width, height", [(1280, 800), (820, 700), (390, 780), (320, 568)])
def test_every_layout_fits_its_window(serving, width, height):
    page = Page(serving.url + "/#/pictures", width=width, height=height)
    try:
        page.click("#picture-more summary")
        make(page, "unbreakable" * 30)
        page.wait(DONE, "the picture is done")
        assert page.overflow <= 0
        tabs = page.run("return document.querySelector('.tabs').scrollWidth - document.querySelector('.tabs').clientWidth")
        assert tabs <= 0
    finally:
        page.close()


@pytest.mark.skipif("PICTURES_PICTURE" not in os.environ, reason="PICTURES_PICTURE names no file for the picture")
def test_a_picture_of_the_pictures(make_host):
    model = (f'[[models]]\nname = "picture"\nsource = "{ROOT}/Models/picture"\n'
             'settings = { steps = 20, guidance = 1.75 }\n')
    host = make_host(markov() + model, '[plugins.stable-diffusion]\nlibrary = "libStableDiffusion.so"\n')
    page = Page(host.url + "/#/pictures", width=1100, height=760)
    try:
        page.wait("!document.getElementById('picture-model').disabled", "the model is there")
        for seed, text in [(5, "four little yellow houses on a light blue background"), (4, "a big green tree on a beige background"),
                           (3, "a purple star over a red boat on the sea")]:
            page.write("#picture-seed", str(seed))
            make(page, text)
            page.wait(f"""document.querySelector('.easel:not(.making) img[alt="{text}"]')""", "the picture is done")
        page.run("document.getAnimations().forEach((animation) => animation.finish())")
        path = pathlib.Path(os.environ["PICTURES_PICTURE"])
        path.parent.mkdir(parents=True, exist_ok=True)
        assert page.driver.save_screenshot(str(path))
    finally:
        page.close()

"""The tab of texts: what the loaded models say of a text while it is typed."""
import json

import pytest

from browser import Page, needs_browser
from conftest import BERT, ROOT, Host, bert, markov

pytestmark = needs_browser


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    models = (markov() + bert("tiny", "encoder-mean") + bert("labels", "classifier")
              + bert("names", "token-classifier")
              + f'[[models]]\nname = "summary"\nplugin = "summarizer"\nsource = "{ROOT}/Models/summary"\n')
    host = Host(tmp_path_factory.mktemp("classify"), models, BERT + '[plugins.summarizer]\nlibrary = "libSummarizer.so"\n')
    yield host
    host.stop()


@pytest.fixture
def page(serving):
    page = Page(serving.url + "/#/classify")
    yield page
    page.close()


def shown(page, name):
    """The labels and scores of a card."""
    labels = page.texts(f"#judge-{name} .bar-label")
    return dict(zip(labels, map(float, page.texts(f"#judge-{name} .score-number"))))


def test_a_trained_classifier_weighs_its_labels(page, serving):
    labels = next(model["meta"]["labels"] for model in serving.json("/v1/models")["data"] if model["id"] == "labels")
    page.write("#classify-text", "The soup was cold and the waiter forgot us.")
    page.wait("document.querySelector('#judge-labels .bars')", "labels are weighed")
    found = shown(page, "labels")
    assert set(found) == set(labels)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert sum(found.values()) == pytest.approx(1, abs=0.01)
    assert page.console_errors() == []


def test_own_labels_are_weighed_by_an_embedding_model(page):
    page.write("#classify-text", "The soup was cold.")
    page.write("#own-labels", "food, , service,food, view")
    page.wait("document.querySelectorAll('#judge-own .bar-line').length === 3", "three labels are weighed")
    assert set(shown(page, "own")) == {"food", "service", "view"}
    page.reload()
    assert page.find("#own-labels").get_attribute("value") == "food, , service,food, view"


def test_a_text_is_most_similar_to_itself(page):
    page.write("#classify-text", "A boat on the lake.")
    page.write("#second-text", "A boat on the lake.")
    page.wait("document.querySelector('#judge-similarity .score-number')", "the texts are compared")
    assert page.texts("#judge-similarity .score-number") == ["1.000"]


def test_names_are_marked_in_the_text_as_it_was_written(page):
    text = "Ada met Bo in Oslo 🚢 & in <b>Rome</b>."
    page.write("#classify-text", text)
    page.wait("document.querySelector('#judge-names, #judge-entities .result :first-child')", "the text was read")
    marked = page.run("""const shown = document.querySelector('#judge-entities .marked-text')?.cloneNode(true);
                         shown?.querySelectorAll('small').forEach((label) => label.remove());
                         return shown?.textContent ?? arguments[0]""", text)
    assert marked == text
    assert page.console_errors() == []


def test_a_summary_is_written_when_it_is_asked_for(page):
    golden = json.loads((ROOT / "Models" / "summary" / "golden.json").read_text())["inputs"][0]
    page.write("#classify-text", golden["text"])
    page.wait("document.querySelector('#judge-labels .bars')", "the other cards are filled")
    assert page.texts(".summary-text") == []
    page.click("#summarize")
    page.wait("document.querySelector('#judge-summary .answer-foot')", "the summary is there")
    assert page.texts(".summary-text") == [golden["greedy_text"]]
    page.write("#classify-text", " And more.")
    page.wait("!document.querySelector('.summary-text')", "the summary of another text is gone")
    assert page.console_errors() == []


def test_only_what_the_models_can_do_is_offered(make_host):
    page = Page(make_host(markov()).url + "/#/classify")
    try:
        page.wait("document.querySelectorAll('.judgement.missing').length === 5", "nothing is offered")
        assert "No classifier is loaded" in page.find("#judge-labels").text
        assert not page.find("#own-labels").is_displayed()
        page.run("location.hash = '#/'")
        page.wait("document.getElementById('draft').offsetParent", "the chat is there")
        assert page.console_errors() == []
    finally:
        page.close()


@pytest.mark.parametrize("width, height", [(820, 700), (320, 568)])
def test_every_layout_fits_its_window(serving, width, height):
    page = Page(serving.url + "/#/classify", width=width, height=height)
    try:
        page.write("#classify-text", "unbreakable" * 60)
        page.write("#own-labels", "a" * 90 + ", b")
        page.wait("document.querySelectorAll('#judge-own .bar-line').length === 2", "labels are weighed")
        assert page.overflow <= 0
    finally:
        page.close()

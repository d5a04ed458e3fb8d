"""The search tab: a table is given, embedded, searched, asked and deleted.

The model is a tiny one with random weights. It knows no meanings, but a text is always nearest to
itself. With SEARCH_PICTURE=FILE a picture of the tab with the real model is written.
"""
import os
import pathlib

import pytest
from selenium.webdriver.common.keys import Keys

from browser import Page, needs_browser
from conftest import BERT, ROOT, Host, bert, markov, minilm, needs_minilm

pytestmark = needs_browser

TABLE = """id,name,about,price,place
1,Kettle,"Boils a litre of water, and whistles when it is done.",39,kitchen
2,Hammock,"Two trees, a slow afternoon and this piece of cloth.",55,garden
3,Lantern,Gives a warm light for a whole night outside.,24,garden
4,Broken line,with,more,cells,than columns
5,Colander,Lets the water go and keeps the noodles.,12,kitchen
6,Rake,Brings the leaves of autumn together.,18,garden
"""
KETTLE = "Boils a litre of water, and whistles when it is done."
FOUND = "document.querySelectorAll('.row .score').length"


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("search"), markov() + bert("tiny", "encoder-mean"), BERT)
    yield host
    host.stop()


@pytest.fixture
def open_page(serving):
    pages = []

    def open_(**options):
        pages.append(Page(serving.url + "/#/search", **options))
        return pages[-1]

    yield open_
    for page in pages:
        page.close()


@pytest.fixture
def page(open_page):
    return open_page()


def give(page, table=TABLE, name="things", text=("about",)):
    """Drops the table and waits until it can be searched."""
    page.drop(f"{name}.csv", table)
    page.wait("document.querySelector('.preview')", "the columns are shown")
    page.run("""for (const tick of document.querySelectorAll('.preview input')) {
                  tick.checked = arguments[0].includes(tick.value);
                  tick.dispatchEvent(new Event('input'));
                }""", list(text))
    page.click("#upload [value=ok]")
    wait_until_embedded(page, name)


def wait_until_embedded(page, name):
    page.wait(f"document.querySelector('.entry.current a')?.textContent === '{name}'", f"{name} is open")
    page.wait("!document.querySelector('.progress')", "it is embedded", 120)


def ask(page, query):
    page.run("document.getElementById('rows').replaceChildren()")
    page.write("#query", query)
    page.wait(f"{FOUND} > 0 && !document.querySelector('#search-view[aria-busy]')", "rows are found")


def first_row(page):
    return page.run("return document.querySelector('.row .row-body').textContent")


def test_a_dropped_table_is_embedded_and_its_rows_are_ranked(page):
    page.drop("garden things.csv", TABLE)
    page.wait("document.querySelector('.preview')", "the columns are shown")
    assert page.run("return [...document.querySelectorAll('.preview input:checked')].map(e => e.value)") == ["name", "about"]
    assert page.run("return document.getElementById('upload-name').value") == "garden-things"
    assert page.run("return document.getElementById('upload-id').value") == "id"
    page.click("#upload [value=name]")
    page.click("#upload [value=ok]")
    wait_until_embedded(page, "garden-things")
    page.click(".refusals summary")
    assert "Line 5" in page.texts(".refusals li")[0]
    ask(page, KETTLE)
    scores = [float(text) for text in page.texts(".row .score-number")]
    assert first_row(page) == KETTLE
    assert scores == sorted(scores, reverse=True) and scores[0] > 0.99 and len(scores) == 5
    page.click(".row-head")
    assert page.texts(".row-detail dd") == ["1", "Kettle", KETTLE, "39", "kitchen"]
    assert page.console_errors() == []


def test_the_embedding_is_watched_to_its_end(page):
    rows = "".join(f"A row with the number {number} and some words behind it\n" for number in range(600))
    page.run("""window.shares = [];
        new MutationObserver(() => {
          const bar = document.querySelector('[role=progressbar]');
          if (bar) window.shares.push(Number(bar.getAttribute('aria-valuenow')));
        }).observe(document.getElementById('progress'), {childList: true, subtree: true, attributes: true})""")
    page.drop("many.txt", rows)
    page.click("#upload [value=ok]")
    page.wait("window.shares.length > 0 && !document.querySelector('.progress')", "the bar came and went", 120)
    shares = page.run("return window.shares")
    assert shares == sorted(shares)
    ask(page, "A row with the number 417 and some words behind it")
    assert "number 417 " in first_row(page)


def test_filters_and_the_least_score_narrow_what_is_found(page):
    give(page, name="filtered")
    ask(page, KETTLE)
    page.click("#add-filter")
    condition = ".filter [aria-label={}]".format
    page.write(condition("Column"), "place")
    page.write(condition("Value"), "garden")
    page.wait(f"{FOUND} === 3", "three stand in the garden")
    page.click("#add-filter")
    last = ".filter:last-child [aria-label={}]".format
    page.write(last("Column"), "price")
    page.write(last("Condition"), "lt")
    page.write(last("Value"), "30")
    page.wait(f"{FOUND} === 2", "two of them are cheap")
    page.click(".filter [aria-label='Remove the condition']")
    page.click(".filter [aria-label='Remove the condition']")
    page.wait(f"{FOUND} === 5", "all are back")
    page.write("#min-score", "0.999")
    page.wait(f"{FOUND} === 1", "one is near enough")
    assert first_row(page) == KETTLE


def test_rows_are_found_by_their_words_too(page):
    give(page, name="worded")
    page.click("#mode [value=text]")
    page.write("#query", "water")
    page.wait(f"{FOUND} === 2", "two rows have the word")
    assert set(page.texts(".row mark")) == {"water"}
    page.write("#query", "xylophone")
    page.wait("document.querySelector('#rows .nothing')", "nothing is found")
    page.click("#mode [value=vector]")
    page.wait(f"{FOUND} === 5", "every row has a meaning")


def test_an_answer_to_an_older_query_is_never_shown(page):
    give(page, name="hurried")
    page.run("""window.held = [];
        const real = window.fetch;
        window.fetch = (path, options) => path.endsWith('/query') && options.body.includes('Gives')
          ? new Promise((resolve, reject) => {
              window.held.push(() => real(path, {...options, signal: undefined}).then(resolve, reject));
              window.signal = options.signal;
            })
          : real(path, options)""")
    page.write("#query", "Gives a warm light for a whole night outside.")
    page.wait("window.held.length === 1", "the first query is under way")
    ask(page, KETTLE)
    assert page.run("return window.signal.aborted")
    page.run("return window.held[0]()")
    page.wait(f"{FOUND} > 0", "rows are shown")
    assert first_row(page) == KETTLE


def test_an_answer_names_the_rows_that_it_stands_on(page):
    give(page, name="answered")
    ask(page, KETTLE)
    page.click("#ask")
    page.wait("document.querySelector('.sources') && !document.querySelector('.answer.writing')", "the answer is there")
    assert page.texts(".answer .prose")[0]
    assert any(KETTLE in source for source in page.texts(".source"))
    page.run("""[...document.querySelectorAll('.source')].find(e => e.textContent.includes('whistles')).click()""")
    page.wait("document.querySelector('.row.open [id], .row.open .row-detail')", "its row is open")
    assert page.run("return document.querySelector('.row.open .row-body').textContent") == KETTLE
    assert page.console_errors() == []


def test_arrow_keys_go_through_the_rows(page):
    give(page, name="walked")
    ask(page, KETTLE)
    page.find("#query").send_keys(Keys.ARROW_DOWN)
    page.press(Keys.ARROW_DOWN)
    assert page.run("return document.activeElement === document.querySelectorAll('.row-head')[1]")
    page.press(Keys.ARROW_UP)
    page.press(Keys.ARROW_UP)
    assert page.run("return document.activeElement.id") == "query"


def test_a_collection_is_exported_and_deleted(page, serving):
    give(page, name="passing")
    assert page.find("#export").get_attribute("href").endswith("/v1/collections/passing/export?format=csv")
    page.click("#delete-collection")
    page.click("#confirm-ok")
    page.wait("![...document.querySelectorAll('#shelf a')].some(e => e.textContent === 'passing')", "it is gone")
    names = [collection["name"] for collection in serving.json("/v1/collections")["data"]]
    assert "passing" not in names


def test_what_cannot_be_read_is_said(page):
    page.drop("picture.png", "no table")
    page.wait("document.querySelector('#upload [role=alert]')", "the dialog says so")
    assert "none of the files that can be read" in page.texts("#upload [role=alert]")[0]


@pytest.mark.parametrize("width, height", [(1280, 800), (820, 700), (390, 780), (320, 568)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_layout_fits_its_window(open_page, width, height, scheme):
    page = open_page(width=width, height=height, scheme=scheme)
    give(page, name=f"wide-{width}-{scheme}", table=TABLE + "7,Rope," + "unbreakable" * 40 + ",1,garden\n")
    ask(page, KETTLE)
    page.click("#add-filter")
    page.click(".row-head")
    assert page.overflow <= 0
    page.drop("wide.csv", ",".join(f"column_{number}" for number in range(40)) + "\n" + ",".join(["words of a row"] * 40))
    page.wait("document.querySelector('.preview')", "the columns are shown")
    assert page.overflow <= 0
    assert page.console_errors() == []


def test_without_an_embedding_model_rows_are_found_by_their_words(make_host):
    page = Page(make_host(markov()).url + "/#/search")
    try:
        give(page)
        assert "No embedding model is loaded" in page.find("#search-advice").text
        page.write("#query", "leaves")
        page.wait(f"{FOUND} === 1", "the row with the word")
        assert page.run("return document.querySelector('#mode [value=vector]').disabled")
        assert page.console_errors() == []
    finally:
        page.close()


@pytest.fixture
def sample(make_host):
    """The page of a host as `make run` starts it, with the real model and the hundred topics."""
    topics = f"""
[[collections]]
name = "topics"
source = "{ROOT}/Models/topics.csv"
text = ["title", "description"]
id = "id"
model = "minilm"
"""
    host = make_host(markov() + minilm() + topics, BERT)
    host.wait_for(lambda: host.json("/v1/collections/topics")["count"] == 100, "the sample is there")
    page = Page(host.url + "/#/search", width=1120, height=720)
    yield page
    page.close()


@needs_minilm
def test_the_sample_is_searched_by_meaning_at_once(sample):
    wait_until_embedded(sample, "topics")
    assert len(sample.texts(".tries .chip")) > 3
    ask(sample, "sweet food from insects kept on top of city houses")
    assert sample.texts(".row strong")[0] == "Urban beekeeping"
    assert sample.console_errors() == []


@needs_minilm
@pytest.mark.skipif("SEARCH_PICTURE" not in os.environ, reason="SEARCH_PICTURE names no file for the picture")
def test_a_picture_of_the_search(sample):
    wait_until_embedded(sample, "topics")
    ask(sample, "electricity from the ocean")
    sample.find("#query").click()
    sample.run("document.getAnimations().forEach((animation) => animation.finish())")
    path = pathlib.Path(os.environ["SEARCH_PICTURE"])
    path.parent.mkdir(parents=True, exist_ok=True)
    assert sample.driver.save_screenshot(str(path))

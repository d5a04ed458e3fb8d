"""The page at `/`, driven as a person would. With PAGE_PICTURE=FILE a picture of it is written."""
import json
import os
import pathlib
import subprocess

import pytest
from selenium.webdriver.common.keys import Keys

from browser import Page, needs_browser
from conftest import BIN, ROOT, STORIES, Host, markov, needs_stories, stories
from gate import Gate

pytestmark = needs_browser

# Without a line break the chain never ends its answer.
ENDLESS = "and on and on it goes, round and round, " * 60

SHOWN = "document.querySelector('.writing .prose')?.textContent.trim()"


@pytest.fixture(scope="module")
def serving(tmp_path_factory, tally):
    folder = tmp_path_factory.mktemp("page")
    (folder / "endless.txt").write_text(ENDLESS)
    (folder / "tally.bin").write_text("tally")
    endless = markov(folder / "endless.txt").replace('"markov"\n', '"endless"\n', 1)
    models = markov() + endless + f"""
[[models]]
name = "slow"
plugin = "tally"
source = "{folder}/tally.bin"
context = 60000
settings = {{ pace = "20" }}
"""
    plugins = f'[plugins.tally]\nlibrary = "{tally}"'
    host = Host(folder, models + (stories() if STORIES.exists() else ""), plugins)
    yield host
    host.stop()


@pytest.fixture
def gate(serving):
    """Between page and host; answers wait there once it is closed."""
    gate = Gate(serving.url)
    yield gate
    gate.open()
    gate.close()


@pytest.fixture
def open_page(serving):
    pages = []

    def open_(url=serving.url, **options):
        pages.append(Page(url + "/", **options))
        return pages[-1]

    yield open_
    for page in pages:
        page.close()


@pytest.fixture
def page(open_page):
    return open_page()


def test_an_answer_grows_while_it_is_written_and_says_what_it_cost(open_page, gate):
    page = open_page(gate.url)
    page.settings(max_tokens=120, temperature=0)
    page.choose("endless")
    gate.hold()
    page.say("and on")
    lengths = set()
    for _ in range(20):
        gate.let_through(1)
        page.wait(f"{SHOWN} === {json.dumps(gate.text.strip())}", f"“{gate.text}” is shown")
        lengths.add(len(gate.text.strip()))
    assert len(lengths) > 5
    gate.open()
    page.wait_for_answer()
    assert page.answers == [gate.text.strip()]
    assert len(gate.text) > 100
    assert "120 tokens" in page.find(".assistant .facts").text
    assert page.questions == ["and on"]
    assert page.find("#draft").get_attribute("value") == ""
    assert page.console_errors() == []


def test_escape_stops_an_answer_and_the_host_stops_too(open_page, gate, serving):
    page = open_page(gate.url)
    page.settings(temperature=0)
    page.choose("slow")
    gate.hold()
    page.say("and on")
    gate.let_through(25)
    page.wait(f"{SHOWN} === {json.dumps(gate.text)}", "words arrive")
    assert serving.metric("roost_jobs_running", model="slow") == 1
    assert page.find("#send").get_attribute("aria-label") == "Stop"
    page.press(Keys.ESCAPE)
    page.wait_for_answer()
    serving.wait_for(
        lambda: serving.metric("roost_jobs_cancelled_total", model="slow") == 1, "stopped")
    assert serving.metric("roost_jobs_running", model="slow") == 0
    assert page.find("#send").get_attribute("aria-label") == "Send"
    assert "stopped" in page.find(".assistant .facts").text
    assert page.answers == [gate.text]
    assert len(gate.text) == 25


def test_a_conversation_is_found_again_after_a_reload(page, serving):
    page.settings(max_tokens=30)
    page.choose("markov")
    page.say("Will this be kept?")
    page.wait_for_answer()
    page.say("And this?")
    page.wait_for_answer(2)
    said = page.answers
    page.wait("document.querySelector('.entry.current a')?.textContent === 'Will this be kept?'", "the sidebar lists it")
    conversation = page.run("return location.hash.split('/').pop()")
    serving.wait_for(
        lambda: len(serving.json(f"/v1/conversations/{conversation}")["messages"]) == 4, "kept")
    page.reload()
    page.wait_for_answer(2)
    assert page.answers == said
    assert page.questions == ["Will this be kept?", "And this?"]
    assert page.run("return document.getElementById('model').value") == "markov"
    assert page.console_errors() == []


def test_a_conversation_stays_while_another_tab_is_open(page):
    page.settings(max_tokens=10)
    page.choose("markov")
    page.say("Wait for me")
    page.wait_for_answer()
    said = page.answers
    page.click(".tabs [data-tab=classify]")
    page.wait("document.getElementById('classify-text').offsetParent && !document.getElementById('draft').offsetParent",
              "the other tab is shown")
    page.click(".tabs [data-tab=chat]")
    page.wait("document.getElementById('draft').offsetParent", "the chat is shown again")
    assert (page.questions, page.answers) == (["Wait for me"], said)
    page.press(Keys.CONTROL + "k")
    page.wait("document.body.classList.contains('is-empty')", "a new chat is open")
    page.click(".tabs [data-tab=classify]")
    page.click(".tabs [data-tab=chat]")
    assert page.questions == []
    assert page.console_errors() == []


def test_answering_again_replaces_the_answer(page):
    page.settings(max_tokens=60, temperature=2)
    page.choose("markov")
    page.say("Hello")
    page.wait_for_answer()
    seen = {page.answers[0]}
    for _ in range(40):  # by chance an answer may be the same again
        page.run("document.querySelector('.assistant').dataset.old = 'yes'")
        page.click(".assistant [aria-label='Answer again']")
        page.wait("!document.querySelector('[data-old]')", "the old answer is gone")
        page.wait_for_answer()
        seen.add(page.answers[0])
        if len(seen) > 1:
            break
    assert len(page.questions) == 1
    assert len(seen) > 1


def test_an_edited_message_takes_the_place_of_what_followed(page):
    page.settings(max_tokens=10)
    page.choose("markov")
    for count, text in enumerate(["First", "Second"], 1):
        page.say(text)
        page.wait_for_answer(count)
    page.click(".user [aria-label='Edit the message']")
    area = page.find(".edit-area")
    area.clear()
    area.send_keys("Changed", Keys.ENTER)
    page.wait_for_answer(1)
    assert page.questions == ["Changed"]


def test_conversations_are_renamed_searched_and_deleted(page):
    page.settings(max_tokens=5)
    page.choose("markov")
    page.say("Alpha conversation")
    page.wait_for_answer()
    page.press(Keys.CONTROL + "k")
    page.wait("document.body.classList.contains('is-empty')", "a new chat is open")
    page.say("Beta conversation")
    page.wait_for_answer()
    titles = "[...document.querySelectorAll('.entry-link')].map(e => e.textContent)"
    page.wait(f"{titles}[0] === 'Beta conversation'", "the newest stands first")

    page.click(".entry [aria-label='Rename “Alpha conversation”']")
    page.press("Gamma" + Keys.ENTER)
    page.wait(f"{titles}.includes('Gamma')", "the new title is shown")
    page.find("#search").send_keys("gam")
    assert page.run(f"return {titles}") == ["Gamma"]

    page.click(".entry [aria-label='Delete “Gamma”']")
    page.click("#confirm-ok")
    page.wait(f"{titles}.length === 0", "nothing is left to find")
    page.reload()
    page.wait(f"{titles}.includes('Beta conversation')", "the other one stays")
    assert not page.run(f"return {titles}.includes('Gamma')")


@pytest.mark.parametrize("width, height", [(1280, 800), (390, 780), (320, 568)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_layout_fits_its_window(open_page, width, height, scheme):
    page = open_page(width=width, height=height, scheme=scheme)
    assert page.overflow <= 0
    page.settings(max_tokens=40)
    page.choose("markov")
    page.say("A long word: " + "unbreakable" * 30)
    page.wait_for_answer()
    assert page.overflow <= 0
    is_dark = page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(25, 26, 27)"
    assert is_dark == (scheme == "dark")
    page.click("#open-settings")
    assert page.overflow <= 0
    assert page.run("return document.getElementById('settings').open")
    assert page.console_errors() == []


def test_the_settings_start_from_what_the_model_takes(tmp_path, open_page):
    host = Host(tmp_path, markov(sampling="{ temperature = 0.25 }"))
    page = open_page(host.url)
    page.click("#open-settings")
    # Not what a driver calls its text, which is empty while the drawer fades in.
    shown = lambda: page.run("return document.querySelector('output[for=set-temperature]').textContent")
    assert shown() == "0.25 · default"
    page.run("const range = document.getElementById('set-temperature');"
             "range.value = 1; range.dispatchEvent(new Event('input'))")
    assert shown() == "1"
    assert host.stop() == 0


def test_the_theme_can_be_chosen_and_stays(page):
    before = page.run("return getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    chosen = page.run("return getComputedStyle(document.body).backgroundColor")
    assert chosen != before
    page.reload()
    assert page.run("return getComputedStyle(document.body).backgroundColor") == chosen


def test_markdown_becomes_elements_and_never_markup(page):
    hostile = """<img src=x onerror="window.broken=1"> <script>window.broken=1</script>

# Title

| a | b |
|---|--:|
| `1` | **2** |

```python
print("x")  # comment
```

[good](https://example.org/) [bad](javascript:window.broken=1) ![pic](https://example.org/x.png)

1. one
   - inner
2. two
"""
    result = page.run("""
        return import('/assets/markdown.js').then(({ markdown }) => {
          const box = document.createElement('div');
          box.append(...markdown(arguments[0]));
          document.body.append(box);
          const count = (selector) => box.querySelectorAll(selector).length;
          return { images: count('img'), scripts: count('script'), headings: count('h2'), cells: count('td'),
                   code: count('pre .hl-string') + count('pre .hl-comment'), inner: count('ol > li > ul > li'),
                   links: [...box.querySelectorAll('a')].map((a) => a.href + ' ' + a.rel), text: box.textContent };
        })""", hostile)
    assert (result["images"], result["scripts"]) == (0, 0)
    assert (result["headings"], result["cells"], result["code"], result["inner"]) == (1, 2, 2, 1)
    assert all(link.startswith("https://example.org/") and "noopener" in link for link in result["links"])
    assert "<script>window.broken=1</script>" in result["text"]
    assert "javascript:" in result["text"]
    assert page.run("return window.broken") is None


def test_a_key_is_asked_for_kept_and_used(make_host):
    host = make_host(markov(), server='api_keys = ["open-sesame"]')
    page = Page(host.url + "/", has_models=False)
    try:
        page.wait("document.getElementById('key-dialog').open", "the key is asked for")
        page.find("#key").send_keys("open-sesame", Keys.ENTER)
        page.wait_for_models()
        page.reload()
        assert not page.run("return document.getElementById('key-dialog').open")
    finally:
        page.close()


def test_the_admin_key_comes_with_the_address_and_stays(make_host):
    host = make_host(markov())
    stranger = Page(host.url + "/")
    try:
        stranger.click("#open-models")
        stranger.wait("document.querySelector('#models-note code')", "who is asked for is said")
        assert "roost open" in stranger.run("return document.querySelector('#models-body').textContent")
    finally:
        stranger.close()
    opened = subprocess.run([BIN / "roost", "open", "--print", "--url", host.url], capture_output=True,
                            text=True, cwd=host.folder, timeout=60)
    admin = Page(opened.stdout.strip())
    try:
        admin.wait("!location.hash", "the token is gone from the address")
        admin.reload()
        admin.click("#open-models")
        admin.wait("[...document.querySelectorAll('#models-body dt')].some((term) => term.textContent === 'Restarts')",
                   "what only an admin may know is shown")
        assert not admin.run("return document.querySelector('#models-note') !== null")
    finally:
        admin.close()


def test_a_host_that_went_away_is_noticed(make_host):
    host = make_host(markov())
    page = Page(host.url + "/")
    try:
        host.process.terminate()
        host.process.wait(60)
        page.say("Anybody there?")
        page.wait("!document.getElementById('banner').hidden", "the banner says so")
        assert "does not answer" in page.find("#banner").text
        assert page.run("return document.querySelector('.failure button').textContent") == "Try again"
    finally:
        page.close()


@needs_stories
def test_a_model_without_a_template_goes_on_with_the_text(page):
    page.settings(max_tokens=60, temperature=0)
    page.choose("stories")
    assert "Begin a text" in page.find("#greeting-note").text
    page.say("Once upon a time")
    page.wait_for_answer()
    assert page.answers[0].startswith(", there was a little girl named Lily.")


def test_the_name_of_a_model_is_not_cut_for_its_facts(make_host):
    host = make_host(f'[[models]]\nname = "chat"\nsource = "{ROOT}/Models/chat/chat.gguf"\n')
    page = Page(host.url + "/", width=1120, height=720)
    try:
        width = "return document.getElementById('model').offsetWidth"
        assert page.find("#model-facts").text
        beside = page.run(width)
        page.run("document.getElementById('model-facts').style.display = 'none'")
        assert beside == page.run(width)
    finally:
        page.close()


@pytest.mark.skipif("PAGE_PICTURE" not in os.environ, reason="PAGE_PICTURE names no file for the picture")
def test_a_picture_of_the_page(make_host):
    host = make_host(f'[[models]]\nname = "chat"\nsource = "{ROOT}/Models/chat/chat.gguf"\n')
    page = Page(host.url + "/", width=1120, height=720)
    chats = (["How do I start Roost?"], ["What is 12 plus 7?"], ["Read this text: Ada lives in Oakdale. Where does Ada live?"],
             ["Tell me a story about a fox and a boat."],
             ["What is the capital of Italy?", "And of Spain?", "JSON with name Ada and age 31."])
    try:
        page.settings(temperature=0)
        for chat in chats:
            page.press(Keys.CONTROL + "k")
            page.wait("document.body.classList.contains('is-empty')", "a new chat is open")
            for count, text in enumerate(chat, 1):
                page.say(text)
                page.wait_for_answer(count)
        page.wait("document.querySelectorAll('.entry').length === 5", "all conversations are listed")
        page.run("document.getAnimations().forEach((animation) => animation.finish())")
        path = pathlib.Path(os.environ["PAGE_PICTURE"])
        path.parent.mkdir(parents=True, exist_ok=True)
        assert page.driver.save_screenshot(str(path))
    finally:
        page.close()

"""What the page keeps of a conversation: nothing that a person wrote is lost."""
import json
import urllib.error
import urllib.request

import pytest
from selenium.webdriver.common.keys import Keys

from browser import Page, needs_browser
from conftest import Host, markov
from gate import Gate

CONVERSATION = "/v1/conversations/6b1c2a34-0000-4000-8000-0123456789ab"


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    host = Host(tmp_path_factory.mktemp("conversations"), markov())
    yield host
    host.stop()


@pytest.fixture
def open_page(serving):
    pages = []

    def open_(url=serving.url, path="/"):
        pages.append(Page(url + path))
        return pages[-1]

    yield open_
    for page in pages:
        page.close()


@pytest.fixture
def page(open_page):
    page = open_page()
    page.settings(max_tokens=10)
    return page


def call(host, method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        host.url + path, data, {"content-type": "application/json"} | headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response), response.headers


def status(*arguments, **headers):
    try:
        call(*arguments, **headers)
        return 200
    except urllib.error.HTTPError as error:
        return error.code


def kept(host, page):
    """The texts that the host keeps of the conversation that the page shows."""
    identifier = page.run("return location.hash.split('/').pop()")
    messages = host.json(f"/v1/conversations/{identifier}")["messages"]
    return [message["content"] for message in messages if message["role"] == "user"]


def edit(page, text):
    page.click(".user [aria-label='Edit the message']")
    area = page.find(".edit-area")
    area.clear()
    area.send_keys(text, Keys.ENTER)


@needs_browser
def test_what_two_tabs_say_in_one_conversation_is_all_kept(page, open_page, serving):
    page.say("Hello")
    page.wait_for_answer()
    serving.wait_for(lambda: len(kept(serving, page)) == 1, "the first turn is kept")
    other = open_page(path="/" + page.run("return location.hash"))
    other.wait("document.querySelectorAll('.user').length === 1", "the other tab shows it")
    page.say("From tab A")
    page.wait_for_answer(2)
    other.say("From tab B")
    other.wait_for_answer(2)
    serving.wait_for(
        lambda: sorted(kept(serving, page)) == ["From tab A", "From tab B", "Hello"], "all is kept")
    page.reload()
    page.wait_for_answer(2)
    assert page.texts(".alternatives span") == ["2/2"]
    page.click("[aria-label='The one before']")
    assert page.questions == ["Hello", "From tab A"]


@needs_browser
def test_what_an_edit_and_another_answer_replace_is_a_click_away(page):
    for count, text in enumerate(["First", "Second"], 1):
        page.say(text)
        page.wait_for_answer(count)
    said = page.answers
    edit(page, "Changed")
    page.wait_for_answer(1)
    assert page.questions == ["Changed"]
    page.click("[aria-label='The one before']")
    assert (page.questions, page.answers) == (["First", "Second"], said)
    page.click("[aria-label='The one after']")
    assert page.questions == ["Changed"]
    page.click(".assistant [aria-label='Answer again']")
    page.wait_for_answer(1)
    assert page.texts(".assistant .alternatives span") == ["2/2"]
    page.reload()
    page.wait_for_answer(1)
    assert page.texts(".alternatives span") == ["2/2", "2/2"]
    facts = page.texts(".assistant .facts")[0]
    assert facts.startswith("markov · 10 tokens"), facts
    assert page.console_errors() == []


@needs_browser
def test_what_was_said_during_an_outage_is_kept_when_the_host_is_back(page, serving):
    page.run("""window.realFetch = fetch;
                window.fetch = (path, options) => String(path).startsWith('/v1/conversations/')
                  ? Promise.reject(new TypeError('no route')) : realFetch(path, options)""")
    page.say("Is anybody there?")
    page.wait_for_answer()
    page.wait("localStorage.getItem('roost.outbox')?.includes('Is anybody there?')", "it waits in the browser")
    said = page.answers
    page.reload()
    page.wait_for_answer()
    assert (page.questions, page.answers) == (["Is anybody there?"], said)
    assert kept(serving, page) == ["Is anybody there?"]
    assert page.run("return localStorage.getItem('roost.outbox')") is None


@needs_browser
def test_an_answer_goes_on_behind_another_chat(open_page, serving):
    gate = Gate(serving.url)
    try:
        page = open_page(gate.url)
        page.settings(max_tokens=30)
        gate.hold()
        page.say("Take your time")
        gate.let_through(5)
        page.press(Keys.CONTROL + "k")
        page.wait("document.body.classList.contains('is-empty')", "a new chat is open")
        page.wait("document.querySelector('.entry .dot.writing')", "the list shows that it is written")
        gate.open()
        page.wait("document.querySelector('.entry .dot.unread')", "the list shows that it is there")
        page.click(".entry-link")
        page.wait_for_answer()
        assert page.answers == [gate.text.strip()]
        page.wait("!document.querySelector('.entry .dot')", "it has been read")
    finally:
        gate.open()
        gate.close()


@needs_browser
def test_each_chat_has_its_own_draft_and_settings(page):
    page.say("One")
    page.wait_for_answer()
    page.click("#open-settings")
    page.write("#system", "Be brief.")
    page.run("document.getElementById('settings').close()")
    page.write("#draft", "half a thou")
    page.press(Keys.CONTROL + "k")
    page.wait("document.body.classList.contains('is-empty')", "a new chat is open")
    assert page.find("#draft").get_attribute("value") == ""
    page.click("#open-settings")
    assert page.find("#system").get_attribute("value") == ""
    page.run("document.getElementById('settings').close()")
    page.click(".entry-link")
    page.wait("document.getElementById('draft').value === 'half a thou'", "its draft is there")
    page.reload()
    page.wait("document.getElementById('draft').value === 'half a thou'", "also after a reload")
    page.click("#open-settings")
    assert page.find("#system").get_attribute("value") == "Be brief."


def test_messages_are_added_without_conflict_and_replaced_only_as_read(serving):
    first = {"id": "1", "parent": None, "role": "user", "content": "Hi"}
    _, headers = call(serving, "POST", CONVERSATION + "/messages", {"title": "T", "messages": [first]})
    old = headers["etag"]
    for id in ("2", "3"):
        call(serving, "POST", CONVERSATION + "/messages",
             {"messages": [{"id": id, "parent": "1", "role": "assistant", "content": id}]})
    assert status(serving, "PUT", CONVERSATION, {"messages": []}, **{"if-match": old}) == 409
    found, headers = call(serving, "GET", CONVERSATION)
    assert [(m["id"], m["parent"]) for m in found["messages"]] == [("1", None), ("2", "1"), ("3", "1")]
    call(serving, "PATCH", CONVERSATION, {"title": "U"}, **{"if-match": headers["etag"]})
    call(serving, "DELETE", CONVERSATION + "/messages/2")
    found, _ = call(serving, "GET", CONVERSATION)
    assert found["title"] == "U" and [m["id"] for m in found["messages"]] == ["1", "3"]
    for body in [{"messages": []}, {"messages": [{"id": "4", "parent": "9", "role": "user", "content": ""}]},
                 {"messages": [{"id": "a b", "role": "user", "content": ""}]},
                 {"messages": [{"role": "user", "content": "", "metadata": 5}]}]:
        assert status(serving, "POST", CONVERSATION + "/messages", body) == 400, body
    assert call(serving, "DELETE", CONVERSATION)[0]["deleted"]
    assert status(serving, "PATCH", CONVERSATION, {"title": "V"}) == 404


def test_conversations_of_one_key_do_not_exist_for_another(make_host):
    host = make_host(markov(), server='api_keys = ["alice", "bob"]')
    alice, bob = ({"authorization": f"Bearer {key}"} for key in ("alice", "bob"))
    body = {"messages": [{"role": "user", "content": "alice's secret"}]}
    call(host, "PUT", CONVERSATION, body, **alice)
    assert call(host, "GET", "/v1/conversations", **bob)[0]["data"] == []
    assert status(host, "GET", CONVERSATION, None, **bob) == 404
    assert status(host, "DELETE", CONVERSATION, None, **bob) == 404
    assert status(host, "PUT", CONVERSATION, body, **bob) == 404
    assert len(call(host, "GET", CONVERSATION, **alice)[0]["messages"]) == 1

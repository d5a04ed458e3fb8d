// The page: its tabs, and the chat; what is typed goes to the host, what comes back is shown and kept.

import { announce, element, find, icon, toast } from "./dom.js";
import { HostError, host } from "./api.js";
import { Thread } from "./thread.js";
import { grow } from "./message.js";
import * as classify from "./classify.js";
import * as history from "./history.js";
import * as models from "./models.js";
import * as pictures from "./pictures.js";
import * as search from "./search.js";
import * as settings from "./settings.js";
import { startShell } from "./shell.js";
import * as tabs from "./tabs.js";
import * as trouble from "./trouble.js";

const SUGGESTIONS = [
  ["Explain something", "Explain how rainbows form, in simple words."],
  ["Write a little code", "Write a Python function that checks whether a word is a palindrome."],
  ["Plan a day", "Plan a relaxed Saturday for two in an old town by the sea."],
  ["Tell a story", "Tell a short story about an owl that could not sleep."],
];
const BEGINNINGS = [
  ["A girl and her dog", "Once upon a time, there was a little girl who had a dog named"],
  ["A big storm", "One day a big storm came and all the birds"],
  ["The lost key", "Tom was sad because he lost the key to"],
];

const draft = find("draft");
const shell = startShell({ newChat });

let conversation = blank();
let writing = null; // { controller, view, message } while an answer comes in
const thread = new Thread({ retry: answerAgain, edit: editMessage });

function blank() {
  return { id: null, title: "", model: "", messages: [], system: settings.standardSystemPrompt() };
}

// crypto.randomUUID is there in secure contexts only; a host in the local network is none.
function newID() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// MARK: - Sending

async function send(text) {
  if (!conversation.id) {
    conversation.id = newID();
    conversation.title = text.split("\n")[0].slice(0, 80);
    window.history.pushState(null, "", `#/c/${conversation.id}`);
    tabs.remember("chat", location.hash);
    history.select(conversation.id);
  }
  const message = { role: "user", content: text };
  conversation.messages.push(message);
  thread.add(message);
  showGreeting();
  await answer();
}

async function answer() {
  const model = models.chosen();
  const message = { role: "assistant", content: "" };
  conversation.model = model?.id ?? "";
  const isPlain = models.isPlain();
  // The completion route stops after 16 tokens unless told otherwise.
  const said = isPlain ? { prompt: wholeText(), max_tokens: model.meta.context_length } : { messages: prompt() };
  const request = { model: conversation.model, ...said, ...settings.sampling() };
  conversation.messages.push(message);
  const view = thread.add(message);
  const mine = { controller: new AbortController(), view, message, conversation };
  writing = mine;
  view.begin();
  showSend();
  keep(mine.conversation);
  const clock = { start: performance.now(), first: 0, last: 0 };
  try {
    if (!model) throw new HostError("This host has no model that could answer.");
    const result = await (isPlain ? host.complete : host.chat)(request, mine.controller.signal, (piece) => {
      clock.first ||= performance.now();
      clock.last = performance.now();
      message.content += piece;
      paint(mine);
    });
    finish(mine, facts(result, clock));
  } catch (error) {
    if (error.name === "AbortError") finish(mine, "stopped");
    else fail(mine, error);
  }
}

function prompt() {
  const system = conversation.system.trim();
  const messages = conversation.messages.filter((message) => message.content);
  return system ? [{ role: "system", content: system }, ...messages] : messages;
}

// What a model without a chat template goes on with: all that was written, as one text.
function wholeText() {
  return conversation.messages.reduce((whole, { content }) => {
    const needsBlank = whole && !/\s$/.test(whole) && /^[\p{L}\p{N}]/u.test(content) && /[.,!?"]$/.test(whole);
    return whole + (needsBlank ? " " : "") + content;
  }, "");
}

// At most once a frame, however many tokens arrive.
function paint(mine) {
  if (mine.frame) return;
  mine.frame = requestAnimationFrame(() => {
    mine.frame = null;
    mine.view.update();
    thread.follow();
  });
}

function end(mine) {
  if (mine.frame) cancelAnimationFrame(mine.frame);
  if (writing === mine) writing = null;
  mine.view.update();
  showSend();
}

function finish(mine, text) {
  end(mine);
  if (!models.isLoaded()) models.refresh().catch(trouble.report);
  mine.view.finish(mine.message.content ? text : text || "an empty answer");
  keep(mine.conversation);
  announce(text === "stopped" ? "Stopped" : `Answer: ${mine.message.content.slice(0, 2000)}`);
}

function fail(mine, error) {
  end(mine);
  mine.view.fail(describe(error));
  if (!mine.message.content) mine.conversation.messages = mine.conversation.messages.filter((message) => message !== mine.message);
  keep(mine.conversation);
  trouble.report(error, true);
}

function describe(error) {
  if (error.status === 429 || error.status === 503) {
    const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
    return { message: `${error.message}${wait}` };
  }
  return error;
}

function facts({ usage, reason }, clock) {
  const parts = [];
  if (usage) {
    const seconds = (clock.last - clock.first) / 1000;
    parts.push(`${usage.completion_tokens} tokens`);
    const rate = (usage.completion_tokens - 1) / seconds;
    if (rate > 0 && seconds > 0.05) parts.push(`${rate < 100 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en")} tokens/s`);
    parts.push(`${((clock.first - clock.start) / 1000).toFixed(2)} s to first`);
  }
  if (reason === "length") parts.push("length limit");
  return parts.join(" · ");
}

function stop() {
  writing?.controller.abort();
}

// MARK: - Changing what was said

function cutAt(view) {
  stop();
  const at = conversation.messages.indexOf(view.message);
  if (at >= 0) conversation.messages.length = at;
  thread.cut(view);
}

function answerAgain(view) {
  cutAt(view);
  answer();
}

function editMessage(view, text) {
  cutAt(view);
  send(text);
}

// MARK: - Keeping

// One after the other, so that an older state never overwrites a newer one.
let keeping = Promise.resolve();

function keep(kept) {
  keeping = keeping.then(() => store(kept));
}

async function store(kept, isLeaving = false) {
  if (kept.isDeleted) return;
  const system = kept.system.trim();
  const messages = kept.messages.filter((message) => message.content);
  const stored = { ...kept, messages: system ? [{ role: "system", content: system }, ...messages] : messages };
  try {
    await host.save(stored, isLeaving);
    if (!isLeaving) history.touch(kept);
  } catch (error) {
    if (!isLeaving) trouble.report(error, true);
  }
}

function newChat() {
  stop();
  if (location.hash) window.history.pushState(null, "", location.pathname);
  tabs.show();
  show(blank());
  focusDraft();
}

// On a phone the keyboard would cover the page.
function focusDraft() {
  if (matchMedia("(hover: hover)").matches) draft.focus({ preventScroll: true });
}

function show(next) {
  conversation = next;
  thread.show(conversation.messages);
  history.select(conversation.id);
  tabs.remember("chat", conversation.id ? `#/c/${conversation.id}` : "#/");
  showGreeting();
  shell.closeSidebarOnPhone();
}

// What the address asks for: a tab, and in the chat `#/c/ID` or nothing.
async function route() {
  tabs.show();
  shell.closeSidebarOnPhone();
  if (tabs.tab() === "search") return search.show();
  if (tabs.tab() === "classify") return classify.show();
  if (tabs.tab() === "pictures") return pictures.shown();
  await showConversation();
}

async function showConversation() {
  const id = /^#\/c\/([\w-]+)$/.exec(location.hash)?.[1];
  if (!id) return conversation.id ? show(blank()) : showGreeting();
  if (id === conversation.id) return;
  stop();
  try {
    const { messages, ...rest } = await host.conversation(id);
    const system = messages[0]?.role === "system" ? messages.shift().content : "";
    show({ ...rest, messages, system });
    models.choose(rest.model);
  } catch (error) {
    show(blank());
    if (error.status === 404) toast("That conversation is gone.");
    else trouble.report(error);
  }
}

// MARK: - Showing

function showGreeting() {
  document.body.classList.toggle("is-empty", thread.isEmpty);
  if (!thread.isEmpty) return;
  const isPlain = models.isPlain();
  find("greeting-note").hidden = !isPlain;
  draft.placeholder = isPlain ? "Begin a text" : "Message";
  const choices = isPlain ? BEGINNINGS : SUGGESTIONS;
  find("suggestions").replaceChildren(...choices.map(([title, text]) =>
    element("button", { type: "button", class: "suggestion", onclick: () => send(text) }, element("strong", {}, title), element("span", {}, text))));
}

function showSend() {
  const isWriting = writing !== null;
  const send = find("send");
  send.classList.toggle("stop", isWriting);
  send.setAttribute("aria-label", isWriting ? "Stop" : "Send");
  send.title = isWriting ? "Stop (Esc)" : "Send (Enter)";
  send.replaceChildren(icon(isWriting ? "stop" : "send"));
  send.disabled = !isWriting && !draft.value.trim();
}

// MARK: - Start

// `#token=…`: `roost open` hands over the admin key.
async function takeKey() {
  const token = /^#token=(\w+)$/.exec(location.hash)?.[1];
  if (!token) return;
  window.history.replaceState(null, "", location.pathname);
  try {
    await host.redeem(token);
    toast("This browser has the admin key now.");
  } catch (error) {
    trouble.report(error);
  }
}

async function load() {
  find("main").setAttribute("aria-busy", "true");
  try {
    await models.refresh();
    await history.refresh();
    showGreeting();
    if (!location.hash && !models.chosen()) goWhereSomethingCanBeDone();
    await route();
  } catch (error) {
    trouble.report(error);
  } finally {
    find("main").removeAttribute("aria-busy");
  }
}

// On a host without a model to chat with.
function goWhereSomethingCanBeDone() {
  if (models.able("embeddings").length) tabs.go("search");
  else if (models.able("image").length) tabs.go("pictures");
}

function submit() {
  if (writing) return stop();
  const text = draft.value.trim();
  if (!text) return;
  draft.value = "";
  grow(draft);
  send(text);
}

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
draft.addEventListener("input", () => {
  grow(draft);
  showSend();
});
draft.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!writing) submit();
  } else if (event.key === "ArrowUp" && !draft.value) {
    const last = thread.views.findLast((view) => view.message.role === "user");
    if (last && !writing) last.edit();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && writing && tabs.tab() === "chat" && !document.querySelector("dialog[open]")) stop();
});
find("open-settings").addEventListener("click", () => settings.open({
  system: () => conversation.system,
  setSystem: (text) => (conversation.system = text),
  sampling: () => models.chosen()?.meta.sampling ?? {},
}));
window.addEventListener("hashchange", route);
window.addEventListener("pagehide", () => {
  if (writing) store(writing.conversation, true);
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden || writing || trouble.isShown()) return;
  models.refresh().then(() => {
    if (tabs.tab() === "classify") classify.show();
    if (tabs.tab() === "pictures") pictures.shown();
  }).catch(trouble.report);
});

trouble.start(load);
models.start(showGreeting);
search.start();
classify.start();
pictures.start();
tabs.show();
history.start({
  renamed: (id, title) => {
    if (id === conversation.id) conversation.title = title;
  },
  removed: (id) => {
    if (id !== conversation.id) return;
    conversation.isDeleted = true;
    newChat();
  },
  failed: trouble.report,
});
showSend();
takeKey().then(load);
if (tabs.tab() === "chat") focusDraft();

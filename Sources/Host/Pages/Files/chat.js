// The chat: what is typed goes to the host, what comes back is shown and kept.

import { announce, element, find, icon, toast } from "./dom.js";
import { HostError, host } from "./api.js";
import { Conversation, newID } from "./conversation.js";
import { Thread } from "./thread.js";
import { grow } from "./message.js";
import * as drafts from "./drafts.js";
import * as history from "./history.js";
import * as models from "./models.js";
import * as outbox from "./outbox.js";
import * as settings from "./settings.js";
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

const blank = () => new Conversation({ instructions: settings.standardInstructions() });
let shown = blank();
const writings = new Map(); // by conversation: { controller, message, view } while its answer comes in
const thread = new Thread({ retry: answerAgain, edit: editMessage, alternatives, choose });

// MARK: - Sending

async function send(text, parent = shown.last) {
  const isNew = !shown.id;
  if (isNew) begin(text);
  drafts.set(isNew ? null : shown.id, "");
  const message = shown.add("user", text, parent);
  thread.show(shown.path);
  showGreeting();
  await answer(message);
}

function begin(text) {
  shown.id = newID();
  shown.title = text.split("\n")[0].slice(0, 80);
  window.history.pushState(null, "", `#/c/${shown.id}`);
  tabs.remember("chat", location.hash);
  history.select(shown.id);
}

// Answers a message; the answers that it has already stay beside the new one.
async function answer(question) {
  const conversation = shown;
  const model = models.chosen();
  const isPlain = models.isPlain();
  conversation.last = question;
  conversation.model = model?.id ?? "";
  // The completion route stops after 16 tokens unless told otherwise.
  const said = isPlain
    ? { prompt: wholeText(conversation.path), max_tokens: model.meta.context_length } : { messages: prompt(conversation) };
  const request = { model: conversation.model, ...said, ...settings.sampling(conversation) };
  const message = conversation.add("assistant", "");
  thread.show(conversation.path);
  const mine = { controller: new AbortController(), message, conversation, view: thread.view(message) };
  writings.set(conversation, mine);
  mine.view.begin();
  showSend();
  history.mark(conversation.id, "writing");
  keep(conversation, [question]);
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

function prompt(conversation) {
  const instructions = conversation.instructions.trim();
  const messages = conversation.path.filter((message) => message.content).map(({ role, content }) => ({ role, content }));
  return instructions ? [{ role: "system", content: instructions }, ...messages] : messages;
}

// What a model without a chat template goes on with: all that was written, as one text.
function wholeText(path) {
  return path.reduce((whole, { content }) => {
    const needsBlank = whole && !/\s$/.test(whole) && /^[\p{L}\p{N}]/u.test(content) && /[.,!?"]$/.test(whole);
    return whole + (needsBlank ? " " : "") + content;
  }, "");
}

// At most once a frame, however many tokens arrive.
function paint(mine) {
  if (mine.frame || mine.conversation !== shown) return;
  mine.frame = requestAnimationFrame(() => {
    mine.frame = null;
    mine.view.update();
    thread.follow();
  });
}

function end(mine) {
  if (mine.frame) cancelAnimationFrame(mine.frame);
  writings.delete(mine.conversation);
  mine.view.update();
  showSend();
  history.mark(mine.conversation.id, mine.conversation === shown ? null : "unread");
}

function finish(mine, text) {
  const { conversation, message } = mine;
  if (!models.isLoaded()) models.refresh().catch(trouble.report);
  message.metadata = { model: conversation.model, facts: message.content ? text : text || "an empty answer" };
  end(mine);
  mine.view.finish();
  if (message.content) keep(conversation, [message]);
  if (conversation === shown) announce(text === "stopped" ? "Stopped" : `Answer: ${message.content.slice(0, 2000)}`);
}

function fail(mine, error) {
  const { conversation, message } = mine;
  end(mine);
  if (message.content) keep(conversation, [message]);
  else conversation.remove(message);
  mine.view.fail(describe(error));
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

const writing = () => writings.get(shown);

function stop() {
  writing()?.controller.abort();
}

// MARK: - Saying it differently

function answerAgain(view) {
  stop();
  answer(shown.messages.find((message) => message.id === view.message.parent) ?? shown.last);
}

function editMessage(view, text) {
  stop();
  send(text, shown.parent(view.message));
}

// Which of how many a message is: `{ index, messages }`.
function alternatives(message) {
  const messages = shown.alternatives(message);
  return { index: messages.indexOf(message), messages };
}

function choose(message) {
  shown.choose(message);
  showThread();
}

// MARK: - Keeping

async function keep(conversation, messages) {
  if (conversation.isDeleted) return;
  try {
    await outbox.keep(conversation, messages);
    if (messages.length) history.touch(conversation);
  } catch (error) {
    trouble.report(error, true);
  }
}

// MARK: - Showing

export function newChat() {
  if (location.hash) window.history.pushState(null, "", location.pathname);
  tabs.show();
  show(blank());
  focusDraft();
}

// On a phone the keyboard would cover the page.
export function focusDraft() {
  if (matchMedia("(hover: hover)").matches) draft.focus({ preventScroll: true });
}

function show(next) {
  shown = next;
  showThread();
  history.select(shown.id);
  if (!writing()) history.mark(shown.id, null);
  tabs.remember("chat", shown.id ? `#/c/${shown.id}` : "#/");
  draft.value = drafts.get(shown.id);
  grow(draft);
  showSend();
  showGreeting();
}

function showThread() {
  thread.show(shown.path);
  const mine = writing();
  const view = mine && thread.view(mine.message);
  if (!view) return;
  mine.view = view;
  view.begin();
}

// What the address asks for: `#/c/ID`, or nothing.
export async function showAddressed() {
  const id = /^#\/c\/([\w-]+)$/.exec(location.hash)?.[1];
  if (!id) return shown.id ? show(blank()) : show(shown);
  if (id === shown.id) return;
  const known = [...writings.keys()].find((conversation) => conversation.id === id);
  try {
    show(known ?? new Conversation(await host.conversation(id)));
    models.choose(shown.model);
  } catch (error) {
    show(blank());
    if (error.status === 404) toast("That conversation is gone.");
    else trouble.report(error);
  }
}

export function showGreeting() {
  document.body.classList.toggle("is-empty", thread.isEmpty);
  if (!thread.isEmpty) return;
  const isPlain = models.isPlain();
  find("greeting-note").hidden = !isPlain;
  draft.placeholder = isPlain ? "Begin a text" : "Message";
  const own = (models.chosen()?.meta.suggestions ?? []).map((text) => [text, ""]);
  const choices = own.length ? own : isPlain ? BEGINNINGS : SUGGESTIONS;
  find("suggestions").replaceChildren(...choices.map(([title, text]) =>
    element("button", { type: "button", class: "suggestion", onclick: () => send(text || title) }, element("strong", {}, title), element("span", {}, text))));
}

function showSend() {
  const isWriting = writing() !== undefined;
  const send = find("send");
  send.classList.toggle("stop", isWriting);
  send.setAttribute("aria-label", isWriting ? "Stop" : "Send");
  send.title = isWriting ? "Stop (Esc)" : "Send (Enter)";
  send.replaceChildren(icon(isWriting ? "stop" : "send"));
  send.disabled = !isWriting && !draft.value.trim();
}

// MARK: - Start

// Sends what an outage of the host has left.
export async function sendWaiting() {
  try {
    await outbox.flush();
  } catch (error) {
    trouble.report(error);
  }
}

export const isWriting = () => writings.size > 0;

function submit() {
  if (writing()) return stop();
  const text = draft.value.trim();
  if (!text) return;
  draft.value = "";
  grow(draft);
  send(text);
}

export function start() {
  find("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  draft.addEventListener("input", () => {
    grow(draft);
    showSend();
    drafts.set(shown.id, draft.value);
  });
  draft.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (!writing()) submit();
    } else if (event.key === "ArrowUp" && !draft.value) {
      const last = thread.views.findLast((view) => view.message.role === "user");
      if (last && !writing()) last.edit();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && writing() && tabs.tab() === "chat" && !document.querySelector("dialog[open]")) stop();
  });
  find("open-settings").addEventListener("click", () => {
    const conversation = shown;
    settings.open({
      conversation, usual: models.chosen()?.meta.sampling ?? {}, closed: () => conversation.id && keep(conversation, []),
    });
  });
  window.addEventListener("pagehide", () => {
    for (const { conversation, message } of writings.values()) {
      if (message.content) outbox.keepLeaving(conversation, [{ ...message, metadata: { model: conversation.model, facts: "cut off" } }]);
    }
  });
  history.start({
    renamed: (id, title) => {
      if (id === shown.id) shown.title = title;
    },
    removed: (id) => {
      outbox.forget(id);
      for (const [conversation, { controller }] of writings) {
        if (conversation.id !== id) continue;
        conversation.isDeleted = true;
        controller.abort();
      }
      if (id !== shown.id) return;
      shown.isDeleted = true;
      newChat();
    },
    failed: trouble.report,
  });
  showSend();
}

// The sidebar: earlier conversations, by age, with search, rename and delete.

import { button, confirm, element, find } from "./dom.js";
import { host } from "./api.js";

const DAY = 86_400_000;

let conversations = [];
let current = null;
const marks = new Map(); // by id: "writing" while its answer comes in, "unread" after that
let isRenaming = false; // nothing is redrawn under the field that is typed into
let actions = {};

// `actions`: renamed(id, title), removed(id), failed(error)
export function start(given) {
  actions = given;
  find("search").addEventListener("input", draw);
}

export async function refresh() {
  conversations = await host.conversations();
  draw();
}

export function select(id) {
  current = id;
  draw();
}

// What is going on in a conversation that may not be shown; null for nothing.
export function mark(id, state) {
  if ((marks.get(id) ?? null) === state) return;
  if (state) marks.set(id, state);
  else marks.delete(id);
  draw();
}

// A conversation that changed goes to the top without asking the host.
export function touch({ id, title, model }) {
  conversations = [{ id, title, model, updated: Date.now() / 1000 }, ...conversations.filter((other) => other.id !== id)];
  draw();
}

function group(seconds) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const time = seconds * 1000;
  if (time >= midnight) return "Today";
  if (time >= midnight - DAY) return "Yesterday";
  if (time >= midnight - 7 * DAY) return "Last 7 days";
  if (time >= midnight - 30 * DAY) return "Last 30 days";
  return "Older";
}

function draw() {
  if (isRenaming) return;
  const wanted = find("search").value.trim().toLocaleLowerCase();
  const shown = conversations.filter((conversation) => conversation.title.toLocaleLowerCase().includes(wanted));
  const sections = [...grouped(shown)].map(([name, members]) =>
    element("section", {}, element("h2", {}, name), element("ul", {}, ...members.map(entry))));
  const note = wanted ? "Nothing found." : "Your conversations will be here.";
  find("history").replaceChildren(...(sections.length ? sections : [element("p", { class: "nothing" }, note)]));
}

function grouped(shown) {
  const groups = new Map();
  for (const conversation of shown) {
    const name = group(conversation.updated);
    groups.set(name, [...(groups.get(name) ?? []), conversation]);
  }
  return groups;
}

function dot(id) {
  const state = id === current ? null : marks.get(id);
  if (!state) return null;
  const label = state === "writing" ? "An answer is coming in" : "A new answer";
  return element("span", { class: `dot ${state}`, role: "img", "aria-label": label, title: label });
}

function entry(conversation) {
  const isCurrent = conversation.id === current;
  const title = conversation.title || "Untitled";
  const open = element("a", {
    href: `#/c/${conversation.id}`, class: "entry-link", title, "aria-current": isCurrent ? "page" : null,
  }, dot(conversation.id), title);
  const item = element("li", { class: isCurrent ? "entry current" : "entry" }, open,
    element("span", { class: "entry-actions" },
      button("edit", `Rename “${title}”`, () => rename(item, conversation)),
      button("trash", `Delete “${title}”`, () => remove(conversation))));
  return item;
}

function rename(item, conversation) {
  isRenaming = true;
  const finish = async (keeps) => {
    if (!isRenaming) return;
    isRenaming = false;
    const title = input.value.trim();
    if (keeps && title && title !== conversation.title) await store(conversation, title);
    draw();
  };
  const input = element("input", {
    class: "entry-input", value: conversation.title, "aria-label": "Title", maxlength: 200,
    onblur: () => finish(true),
    onkeydown: (event) => {
      if (event.key === "Enter") finish(true);
      if (event.key === "Escape") finish(false);
      event.stopPropagation();
    },
  });
  item.replaceChildren(input);
  input.select();
}

async function store(conversation, title) {
  try {
    await host.change(conversation.id, { title });
    conversation.title = title;
    actions.renamed(conversation.id, title);
  } catch (error) {
    actions.failed(error);
  }
}

async function remove(conversation) {
  const title = conversation.title || "Untitled";
  if (!(await confirm("Delete the conversation?", `“${title}” will be gone for good.`, "Delete"))) return;
  try {
    await host.remove(conversation.id);
    conversations = conversations.filter((other) => other.id !== conversation.id);
    draw();
    actions.removed(conversation.id);
  } catch (error) {
    actions.failed(error);
  }
}

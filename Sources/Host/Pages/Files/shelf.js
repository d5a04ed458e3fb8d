// The collections of the host: the list in the sidebar, the picker in the header.

import { collections } from "./collections.js";
import { button, confirm, element, find, toast } from "./dom.js";

const STATES = { embedding: "being embedded", stale: "stale", failed: "failed" };

let all = [];
let current = "";
let actions = {};

export const named = (name) => all.find((collection) => collection.name === name) ?? null;
export const first = () => all[0] ?? null;

// `actions`: opened(name), removed(name), failed(error)
export function start(given) {
  actions = given;
  find("collection").addEventListener("change", () => actions.opened(find("collection").value));
  find("delete-collection").addEventListener("click", () => remove(named(current)));
}

export async function refresh() {
  all = await collections.list();
  draw();
}

export function select(name) {
  current = name;
  draw();
}

// What a stream or an answer said of a collection, without asking the host.
export function touch(collection) {
  const at = all.findIndex((other) => other.name === collection.name);
  if (at < 0) all.push(collection);
  else all[at] = collection;
  draw();
}

function draw() {
  const items = all.map(entry);
  find("shelf").replaceChildren(...(items.length
    ? [element("section", {}, element("h2", {}, "Collections"), element("ul", {}, ...items))]
    : [element("p", { class: "nothing" }, "Your collections will be here.")]));
  const picker = find("collection");
  picker.replaceChildren(...all.map(({ name }) => element("option", { value: name }, name)));
  if (!all.length) picker.append(element("option", { value: "" }, "No collection"));
  picker.disabled = all.length === 0;
  if (named(current)) picker.value = current;
  find("collection-facts").textContent = facts(named(current));
}

function facts(collection) {
  if (!collection) return "";
  const { count, model, state } = collection;
  return [`${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`, model, STATES[state]].filter(Boolean).join(" · ");
}

function entry(collection) {
  const { name, count } = collection;
  const isCurrent = name === current;
  return element("li", { class: isCurrent ? "entry current" : "entry" },
    element("a", { href: `#/search/${encodeURIComponent(name)}`, class: "entry-link", title: facts(collection), "aria-current": isCurrent ? "page" : null }, name),
    element("span", { class: "entry-count" }, count.toLocaleString("en")),
    element("span", { class: "entry-actions" }, button("trash", `Delete “${name}”`, () => remove(collection))));
}

async function remove(collection) {
  if (!collection) return;
  const { name } = collection;
  if (!(await confirm("Delete the collection?", `“${name}” and its ${facts(collection).split(" · ")[0]} will be gone for good.`, "Delete"))) return;
  try {
    await collections.remove(name);
    all = all.filter((other) => other.name !== name);
    draw();
    toast(`“${name}” is deleted.`);
    actions.removed(name);
  } catch (error) {
    actions.failed(error);
  }
}

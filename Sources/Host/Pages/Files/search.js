// The search tab: which collection is open, and how it is.

import { sentence } from "./api.js";
import { collections, exported } from "./collections.js";
import { element, find } from "./dom.js";
import * as embedding from "./embedding.js";
import * as query from "./query.js";
import * as shelf from "./shelf.js";
import * as tabs from "./tabs.js";
import * as trouble from "./trouble.js";
import * as upload from "./upload.js";

const CHOSEN = "roost.collection";

let collection = null;

const address = (name) => `#/search/${encodeURIComponent(name)}`;

// Shows what the address asks for, else the collection that was open last, else the first.
export async function show() {
  try {
    await shelf.refresh();
  } catch (error) {
    return trouble.report(error);
  }
  const wanted = shelf.named(tabs.detail()) ?? shelf.named(localStorage.getItem(CHOSEN)) ?? shelf.first();
  if (!collection || wanted?.name !== collection.name) open(wanted);
  else if (wanted.state !== collection.state || wanted.updated !== collection.updated) told(wanted);
  if (matchMedia("(hover: hover)").matches) find("query").focus({ preventScroll: true });
}

function open(next) {
  collection = next;
  shelf.select(next?.name ?? "");
  find("search-area").hidden = !next;
  find("no-collection").hidden = Boolean(next);
  for (const id of ["export", "delete-collection"]) find(id).hidden = !next;
  if (!next) return showNone();
  localStorage.setItem(CHOSEN, next.name);
  tabs.remember("search", address(next.name));
  find("export").href = collections.exportPath(next.name, "csv");
  told(next);
}

function showNone() {
  embedding.forget();
  query.forget();
  find("no-collection").replaceChildren(
    element("h1", {}, "Search a table by meaning"),
    element("p", {}, "Give it a CSV, JSONL or text file. Its rows stay on this host."),
    element("button", { type: "button", class: "primary", onclick: upload.open }, "Choose a table"));
}

// The host said how the collection is now.
function told(now) {
  collection = now;
  shelf.touch(now);
  if (query.embeds(now) && (now.state === "embedding" || now.state === "stale")) watch(now.name);
  else embedding.forget();
  const refused = embedding.refusals(now);
  if (refused) find("progress").append(refused);
  const advice = adviceFor(now);
  find("search-advice").textContent = advice;
  find("search-advice").hidden = !advice;
  query.use(now);
}

async function watch(name) {
  try {
    await embedding.watch(name, (ended) => {
      if (name === collection?.name) told(ended);
    });
  } catch (error) {
    if (error.name !== "AbortError") trouble.report(error);
  }
}

function adviceFor(now) {
  if (!query.embeds(now)) return "No embedding model is loaded, so rows are found by their words only. Add a sentence model such as all-MiniLM-L6-v2 to plugins.toml and they are found by their meaning too.";
  if (now.state === "stale") return `The rows were embedded by another version of ${now.model}; until they are embedded anew, search by words.`;
  if (now.state === "failed") return `${sentence(now.error) || "The rows could not be embedded."} Search by words works.`;
  return "";
}

export function start() {
  query.start(answered);
  shelf.start({
    opened: (name) => (location.hash = address(name)),
    removed,
    failed: trouble.report,
  });
  upload.start(created);
  find("export").addEventListener("click", download);
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches?.("input, textarea, select");
    if (event.key !== "/" || isTyping || tabs.tab() !== "search" || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    find("query").focus();
  });
}

// An answer by meaning where there was none to be had: the model is back.
async function answered({ mode }) {
  const before = collection;
  if (mode === "text" || before.state === "ready" || before.state === "embedding") return;
  try {
    const now = await collections.describe(before.name);
    if (collection === before && now.state !== before.state) told(now);
  } catch (error) {
    trouble.report(error, true);
  }
}

function created(made) {
  shelf.touch(made);
  find("query").value = "";
  collection = null;
  if (tabs.detail() === made.name) open(made);
  else location.hash = address(made.name);
}

function removed(name) {
  if (name !== collection?.name) return;
  collection = null;
  if (tabs.detail()) location.hash = "#/search";
  else show();
}

async function download(event) {
  event.preventDefault();
  try {
    element("a", { href: await exported(collection.name, "csv"), download: `${collection.name}.csv` }).click();
  } catch (error) {
    trouble.report(error);
  }
}

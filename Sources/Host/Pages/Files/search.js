// The search tab: a collection, a query, the rows that fit it best.

import * as answers from "./answer.js";
import { collections, exported } from "./collections.js";
import { announce, element, find } from "./dom.js";
import * as embedding from "./embedding.js";
import * as filters from "./filters.js";
import { latest } from "./latest.js";
import * as models from "./models.js";
import { rowView, startKeys, textOf, wordsOf } from "./rows.js";
import * as shelf from "./shelf.js";
import * as tabs from "./tabs.js";
import * as trouble from "./trouble.js";
import * as upload from "./upload.js";

const PAGE = 10;
const READ = 5; // rows that an answer is looked for in
const PAUSE = 140; // milliseconds without a key before a query goes out
const MODES = [["vector", "Meaning"], ["text", "Words"], ["hybrid", "Both"]];
const CHOSEN = "roost.collection";
const TRIES = {
  topics: ["making things by hand", "how the earth moves", "saving money", "life under water", "music without notes"],
};

let collection = null;
let mode = localStorage.getItem("roost.mode") ?? "vector";
let hits = []; // what the list shows
let loading = null;
const search = latest(run, PAUSE);

// MARK: - Which collection

// Shows what the address asks for, else the collection that was open last, else the first.
export async function show() {
  loading ??= shelf.refresh();
  try {
    await loading;
  } catch (error) {
    loading = null;
    return trouble.report(error);
  }
  const wanted = shelf.named(tabs.detail()) ?? shelf.named(localStorage.getItem(CHOSEN)) ?? shelf.first();
  if (wanted?.name !== collection?.name || !collection) open(wanted);
  if (matchMedia("(hover: hover)").matches) find("query").focus({ preventScroll: true });
}

function open(next) {
  embedding.forget();
  answers.clear();
  collection = next;
  shelf.select(next?.name ?? "");
  find("search-area").hidden = !next;
  find("no-collection").hidden = Boolean(next);
  for (const id of ["export", "delete-collection"]) find(id).hidden = !next;
  if (!next) return showWelcome();
  localStorage.setItem(CHOSEN, next.name);
  tabs.remember("search", `#/search/${encodeURIComponent(next.name)}`);
  find("query").placeholder = `Search ${next.name}`;
  find("export").href = collections.exportPath(next.name, "csv");
  filters.setColumns(next);
  told(next);
}

// The host said how the collection is now.
function told(now) {
  collection = now;
  shelf.touch(now);
  if (embeds() && (now.state === "embedding" || now.state === "stale")) watch(now.name);
  else embedding.forget();
  const refused = embedding.refusals(now);
  if (refused) find("progress").append(refused);
  showAdvice();
  search.now();
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

function showWelcome() {
  find("no-collection").replaceChildren(
    element("h1", {}, "Search a table by meaning"),
    element("p", {}, "Give it a CSV, JSONL or text file. Its rows stay on this host."),
    element("button", { type: "button", class: "primary", onclick: upload.open }, "Choose a table"));
}

// MARK: - The query

// A model that was never loaded has not said yet what it can do.
function embeds() {
  const model = models.named(collection?.model);
  return model ? !model.abilities?.length || model.abilities.includes("embeddings") : models.able("embeddings").length > 0;
}

const currentMode = () => (embeds() ? mode : "text");

function showAdvice() {
  const advice = find("search-advice");
  const { state, error, model } = collection;
  advice.hidden = embeds() && state !== "failed" && state !== "stale";
  if (!embeds()) advice.textContent = "No embedding model is loaded, so rows are found by their words only. Add a sentence model such as all-MiniLM-L6-v2 to plugins.toml and they are found by their meaning too.";
  else if (state === "stale") advice.textContent = `The rows were embedded by another version of ${model}; they are embedded again when the model is there.`;
  else if (state === "failed") advice.textContent = error ?? "The rows could not be embedded. Search by words works.";
  showModes();
}

function showModes() {
  find("mode").replaceChildren(...MODES.map(([value, label]) => {
    const radio = element("input", {
      type: "radio", name: "mode", value, checked: value === currentMode(), disabled: value !== "text" && !embeds(),
      onchange: () => {
        mode = value;
        localStorage.setItem("roost.mode", mode);
        search.now();
      },
    });
    return element("label", {}, radio, element("span", {}, label));
  }));
}

function request(offset = 0) {
  const minimum = find("min-score").value;
  return {
    query: find("query").value.trim(), mode: currentMode(), top_k: PAGE, offset,
    filter: filters.filter(), min_score: minimum === "" ? undefined : Number(minimum),
  };
}

async function run(signal) {
  if (!collection) return;
  const asked = request();
  find("ask").disabled = !asked.query;
  find("search-view").setAttribute("aria-busy", "true");
  try {
    if (asked.query) await showFound(asked, signal);
    else await showFirstRows(signal);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    find("rows").replaceChildren(element("li", { class: "advice", role: "alert" }, error.message));
    find("more").hidden = true;
    trouble.report(error, true);
  }
  find("search-view").removeAttribute("aria-busy");
}

async function showFound(asked, signal) {
  const result = await collections.query(collection.name, asked, signal);
  signal.throwIfAborted();
  find("tries").replaceChildren();
  find("rows").replaceChildren();
  hits = [];
  append(result.data, asked, result.mode);
  find("found").textContent = result.data.length ? `${result.took_ms < 1 ? "under 1" : Math.round(result.took_ms)} ms` : "";
  if (!result.data.length) find("rows").replaceChildren(element("li", { class: "nothing" }, "No row fits."));
  announce(result.data.length ? `${result.data.length} rows found` : "No row fits");
}

// Scores of meaning are shares of one; others only say more or less than the best.
function append(found, asked, how) {
  hits.push(...found);
  const shown = {
    collection, words: how === "vector" ? [] : wordsOf(asked.query),
    best: how === "vector" ? 1 : hits[0]?.score || 1, like: ask,
  };
  find("rows").append(...found.map((hit) => rowView(hit, shown)));
  const more = find("more");
  more.hidden = found.length < PAGE;
  more.onclick = async () => {
    const next = { ...asked, offset: asked.offset + PAGE };
    more.disabled = true;
    try {
      append((await collections.query(collection.name, next)).data, next, how);
    } catch (error) {
      trouble.report(error);
    }
    more.disabled = false;
  };
}

// Before anything is asked: how the rows look, and what could be asked of a sample.
async function showFirstRows(signal) {
  const rows = await collections.rows(collection.name, PAGE, signal);
  signal.throwIfAborted();
  const tries = TRIES[collection.name] ?? [];
  find("tries").replaceChildren(...tries.map((text) => element("button", { type: "button", class: "chip", onclick: () => ask(text) }, text)));
  find("found").textContent = "";
  find("more").hidden = true;
  find("rows").replaceChildren(...rows.map((hit) => rowView(hit, { collection, words: [], best: 1, like: ask })));
}

function ask(text) {
  find("query").value = text;
  find("query").focus();
  answers.clear();
  search.now();
}

// The host looks for rows by their meaning; where that is not what is shown, it is given the shown ones.
function answer() {
  const { query, mode: how, filter, min_score: minimum } = request();
  if (!query) return;
  const isNarrowed = how !== "vector" || filter || minimum !== undefined;
  const from = isNarrowed ? { passages: shownPassages() } : { collection: collection.name, top_k: READ };
  answers.ask({ question: query, ...from }, reveal);
}

function shownPassages() {
  return hits.slice(0, READ).map(({ id, row }) => ({ id, text: textOf(row, collection).join(". ") }));
}

// Opens the row in the list, where it is there.
function reveal(id) {
  const row = [...find("rows").children].find((node) => node.dataset.id === String(id));
  row?.scrollIntoView({ block: "center", behavior: "smooth" });
  if (row && !row.classList.contains("open")) row.firstElementChild.click();
  row?.firstElementChild.focus({ preventScroll: true });
}

// MARK: - Start

export function start() {
  shelf.start({
    opened: (name) => (location.hash = `#/search/${encodeURIComponent(name)}`),
    removed: (name) => {
      if (name !== collection?.name) return;
      collection = null;
      location.hash = "#/search";
      show();
    },
    failed: trouble.report,
  });
  upload.start((made) => {
    shelf.touch(made);
    find("query").value = "";
    collection = null;
    if (tabs.detail() === made.name) open(made);
    else location.hash = `#/search/${encodeURIComponent(made.name)}`;
  });
  filters.start(() => search.soon());
  startKeys(find("query"), find("rows"));
  find("query-form").addEventListener("submit", (event) => {
    event.preventDefault();
    search.now();
  });
  find("query").addEventListener("input", () => search.soon());
  find("query").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) answer();
  });
  find("min-score").addEventListener("input", () => search.soon());
  find("ask").addEventListener("click", answer);
  find("export").addEventListener("click", download);
}

async function download(event) {
  event.preventDefault();
  try {
    element("a", { href: await exported(collection.name, "csv"), download: `${collection.name}.csv` }).click();
  } catch (error) {
    trouble.report(error);
  }
}

// What is typed into the search field, and the rows that fit it best, as one types.

import * as answers from "./answer.js";
import { collections } from "./collections.js";
import { announce, element, find } from "./dom.js";
import * as filters from "./filters.js";
import { latest } from "./latest.js";
import * as models from "./models.js";
import { rowView, startKeys, wordsOf } from "./rows.js";
import * as trouble from "./trouble.js";

const PAGE = 10;
const READ = 5; // rows that an answer is looked for in
const PAUSE = 140; // milliseconds without a key before a query goes out
const MODES = [["vector", "Meaning"], ["text", "Words"], ["hybrid", "Both"]];
const TRIES = {
  topics: ["making things by hand", "how the earth moves", "saving money", "life under water", "music without notes"],
};

let collection = null;
let mode = localStorage.getItem("roost.mode") ?? "vector";
let hits = []; // what the list shows
let answered = () => {};
const search = latest(run, PAUSE);

// Asks the collection, as it is now, what the field holds.
export function use(now) {
  if (now.name !== collection?.name) answers.clear();
  collection = now;
  find("query").placeholder = `Search ${now.name}`;
  filters.setColumns(now);
  showModes();
  search.now();
}

export function forget() {
  collection = null;
  search.cancel();
  answers.clear();
}

// A model that was never loaded has not said yet what it can do.
export function embeds({ model: name }) {
  const model = models.named(name);
  return model ? !model.abilities?.length || model.abilities.includes("embeddings") : models.able("embeddings").length > 0;
}

const currentMode = () => (embeds(collection) ? mode : "text");

function showModes() {
  find("mode").replaceChildren(...MODES.map(([value, label]) => {
    const radio = element("input", {
      type: "radio", name: "mode", value, checked: value === currentMode(), disabled: value !== "text" && !embeds(collection),
      onchange: () => {
        mode = value;
        localStorage.setItem("roost.mode", mode);
        search.now();
      },
    });
    return element("label", {}, radio, element("span", {}, label));
  }));
}

function request() {
  const minimum = find("min-score").value;
  return {
    query: find("query").value.trim(), mode: currentMode(), top_k: PAGE, offset: 0,
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
    show(element("li", { class: "advice", role: "alert" }, error.message));
    trouble.report(error, true);
  }
  find("search-view").removeAttribute("aria-busy");
}

// MARK: - What was found

function show(...rows) {
  find("rows").replaceChildren(...rows);
  find("tries").replaceChildren();
  find("found").textContent = "";
  find("more").hidden = true;
}

async function showFound(asked, signal) {
  const result = await collections.query(collection.name, asked, signal);
  signal.throwIfAborted();
  show();
  hits = [];
  append(result.data, asked, result.mode);
  if (!hits.length) show(element("li", { class: "nothing" }, "No row fits."));
  else find("found").textContent = `${result.took_ms < 1 ? "under 1" : Math.round(result.took_ms)} ms`;
  announce(hits.length ? `${hits.length} rows found` : "No row fits");
  answered(result);
}

// Scores of meaning are shares of one; others only say more or less than the best.
function append(found, asked, how) {
  hits.push(...found);
  const shown = {
    collection, words: how === "vector" ? [] : wordsOf(asked.query),
    best: how === "vector" ? 1 : hits[0]?.score || 1, like: ask,
  };
  find("rows").append(...found.map((hit) => rowView(hit, shown)));
  find("more").hidden = found.length < PAGE;
  find("more").onclick = () => goOn({ ...asked, offset: asked.offset + PAGE }, how);
}

async function goOn(asked, how) {
  const before = hits;
  find("more").disabled = true;
  try {
    const { data } = await collections.query(collection.name, asked);
    if (hits === before) append(data, asked, how);
  } catch (error) {
    trouble.report(error);
  }
  find("more").disabled = false;
}

// Before anything is asked: how the rows look, and what could be asked of a sample.
async function showFirstRows(signal) {
  const rows = await collections.rows(collection.name, PAGE, signal);
  signal.throwIfAborted();
  show(...rows.map((hit) => rowView(hit, { collection, words: [], best: 1, like: ask })));
  find("tries").replaceChildren(...(TRIES[collection.name] ?? []).map((text) =>
    element("button", { type: "button", class: "chip", onclick: () => ask(text) }, text)));
}

function ask(text) {
  find("query").value = text;
  find("query").focus();
  answers.clear();
  search.now();
}

// MARK: - An answer from the rows

// The rows are looked for as they are shown.
function answer() {
  const { query, mode: how, filter, min_score } = request();
  if (!query) return;
  answers.ask({ question: query, collection: collection.name, top_k: READ, search_mode: how, filter, min_score }, reveal);
}

// Opens the row in the list, where it is there.
function reveal(id) {
  const row = [...find("rows").children].find((node) => node.dataset.id === String(id));
  row?.scrollIntoView({ block: "center", behavior: "smooth" });
  if (row && !row.classList.contains("open")) row.firstElementChild.click();
  row?.firstElementChild.focus({ preventScroll: true });
}

// `whenAnswered(result)` is told of what the host says to a query.
export function start(whenAnswered) {
  answered = whenAnswered;
  const field = find("query");
  filters.start(() => search.soon());
  startKeys(field, find("rows"));
  for (const input of [field, find("min-score")]) input.addEventListener("input", () => search.soon());
  find("query-form").addEventListener("submit", (event) => {
    event.preventDefault();
    search.now();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) answer();
  });
  find("ask").addEventListener("click", answer);
}

// How far a collection is on its way to being searchable, as the host tells it.

import { progress } from "./collections.js";
import { element, find } from "./dom.js";

const STAGES = { reading: "Reading the rows", embedding: "Embedding", indexing: "Building the index", ready: "Ready", failed: "Failed" };

let controller = null;

export function forget() {
  controller?.abort();
  controller = null;
  find("progress").replaceChildren();
}

// Shows the bar until the embedding is over. `done(collection)` is told how it ended.
export async function watch(name, done) {
  forget();
  const mine = new AbortController();
  controller = mine;
  const bar = element("div", { class: "bar-fill" });
  const label = element("span", {}, "Embedding");
  const numbers = element("span", { class: "found" });
  const track = element("div", { class: "bar-track", role: "progressbar", "aria-label": "Embedding", "aria-valuemin": "0", "aria-valuemax": "100" }, bar);
  find("progress").replaceChildren(element("section", { class: "progress" }, element("p", {}, label, numbers), track,
    element("p", { class: "hint" }, "Search by words works already.")));
  for await (const event of progress(name, mine.signal)) {
    if (event.object === "collection") return done(event);
    const of = event.of || event.rows || 0;
    const share = of ? event.embedded / of : 0;
    bar.style.setProperty("--share", share);
    track.setAttribute("aria-valuenow", Math.round(share * 100));
    label.textContent = STAGES[event.stage] ?? event.stage;
    numbers.textContent = of ? `${event.embedded.toLocaleString("en")} of ${of.toLocaleString("en")}` : "";
  }
}

// The rows that were left out, with their lines.
export function refusals(collection) {
  const refused = collection.rows_refused ?? [];
  if (!refused.length) return null;
  const total = collection.rows_refused_total ?? refused.length;
  const count = total === 1 ? "1 row was" : `${total.toLocaleString("en")} rows were`;
  return element("details", { class: "refusals" },
    element("summary", {}, `${count} left out`),
    element("ul", {}, ...refused.map(({ line, message }) => element("li", {}, element("b", {}, `Line ${line}`), ` ${message}`))));
}

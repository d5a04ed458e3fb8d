// The tab of texts: one text, and all that the loaded models can say of it while it is typed.

import { json, told } from "./api.js";
import { announce, copyButton, element, find } from "./dom.js";
import { bars, closeness, highlighted } from "./judgements.js";
import { latest } from "./latest.js";
import { grow } from "./message.js";
import * as models from "./models.js";

const PAUSE = 250;
const TRIES = [
  ["A talk", "Theo: I read a good book. Theo: May I ask you, Nora, to paint the fence on Friday? Nora: Is something wrong? Theo: a wedding keeps me from it. Nora: You can count on me.", "family, work, money, travel"],
  ["A review", "The soup was cold and the waiter forgot us twice, but the view over the harbour made up for a lot.", "food, service, view, price"],
  ["A headline", "Scientists in Norway measure the fastest glacier retreat in forty years.", "science, politics, sport, money"],
  ["A request", "Please cancel my subscription and send the refund to my new account.", "cancellation, complaint, praise, question"],
];
const OWN_LABELS = "roost.labels";

const text = element("textarea", { id: "classify-text", rows: 3, placeholder: "Write or paste a text", "aria-label": "Text", oninput: () => changed() });
const labels = element("input", { id: "own-labels", type: "text", autocomplete: "off", "aria-label": "Labels, with commas between them", placeholder: "food, service, price", oninput: () => cards.own.soon() });
const several = element("input", { type: "checkbox", id: "several", onchange: () => cards.own.now() });
const second = element("textarea", { id: "second-text", rows: 2, placeholder: "Another text", "aria-label": "Text to compare with", oninput: () => cards.similarity.soon() });

const summarize = element("button", { type: "button", class: "primary", id: "summarize", onclick: () => cards.summary.now(true) }, "Summarize");

const body = () => text.value.trim();

// What a model could say: which ability it takes, what it asks the host, how the answer is shown.
const KINDS = {
  summary: {
    title: "Summary", ability: "summarize", controls: () => [summarize],
    note: "No model that summarizes is loaded. A T5 or a BART says here in a few sentences what a text says.",
    isReady: (isAskedFor) => isAskedFor === true,
    ask: async (model, signal, show) => {
      const written = element("p", { class: "summary-text" });
      show(written);
      const piece = (more) => (written.textContent += more);
      const { summary, parts } = await told("/v1/summarize", "summary", { input: body(), model }, signal, piece);
      announce(`Summary: ${summary}`);
      const facts = element("span", { class: "facts" }, parts > 1 ? `read in ${parts} parts` : "");
      return [written, element("div", { class: "answer-foot" }, copyButton(() => summary, "Copy the summary"), facts)];
    },
  },
  labels: {
    title: "Labels", ability: "classify",
    note: "No classifier is loaded. A model trained for labels, such as one for sentiment, shows them here.",
    ask: async (model, signal) => bars((await json("POST", "/v1/classify", { body: { input: body(), model }, signal })).data[0].labels),
  },
  own: {
    title: "Your own labels", ability: "embeddings", controls: () => [labels, element("label", { class: "tick" }, several, "Several may apply")],
    note: "Any labels you like are weighed by an embedding model. None is loaded; all-MiniLM-L6-v2 in plugins.toml would do.",
    isReady: () => wanted().length > 1,
    ask: async (model, signal) => {
      localStorage.setItem(OWN_LABELS, labels.value);
      const request = { input: body(), model, labels: wanted(), multi_label: several.checked };
      return bars((await json("POST", "/v1/classify", { body: request, signal })).data[0].labels);
    },
  },
  entities: {
    title: "Names in the text", ability: "entities",
    note: "No model that finds people, places and organizations is loaded. A token classifier marks them here.",
    ask: async (model, signal) => {
      const given = text.value;
      return highlighted(given, (await json("POST", "/v1/entities", { body: { input: given, model }, signal })).data[0].entities);
    },
  },
  similarity: {
    title: "Similarity", ability: "embeddings", controls: () => [second],
    note: "Two texts are compared by an embedding model. None is loaded.",
    isReady: () => second.value.trim() !== "",
    ask: async (model, signal) => {
      const request = { source: body(), sentences: [second.value.trim()], model };
      return closeness((await json("POST", "/v1/similarity", { body: request, signal })).data[0].score);
    },
  },
};

const cards = Object.fromEntries(Object.entries(KINDS).map(([name, kind]) => [name, card(name, kind)]));

const wanted = () => [...new Set(labels.value.split(",").map((label) => label.trim()).filter(Boolean))];

function card(name, { title, ability, note, controls, isReady = () => true, ask }) {
  const result = element("div", { class: "result", "aria-live": "polite" });
  const picker = element("select", { "aria-label": `Model for: ${title}`, onchange: () => start.now() });
  const inside = element("div", { class: "judgement-body" }, ...(controls?.() ?? []), result);
  const advice = element("p", { class: "hint" }, note);
  const node = element("section", { class: "judgement", id: `judge-${name}` }, element("header", {}, element("h2", {}, title), picker), inside, advice);
  const show = (...shown) => result.replaceChildren(...shown);
  const start = latest(async (signal, isAskedFor) => {
    if (picker.disabled || !body() || !isReady(isAskedFor)) return show();
    try {
      const shown = await ask(picker.value, signal, show);
      signal.throwIfAborted();
      show(...shown);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      show(element("p", { class: "advice", role: "alert" }, error.message));
    }
  }, PAUSE);
  const offer = () => {
    const able = models.able(ability).map(({ id }) => id);
    const before = picker.value;
    picker.replaceChildren(...able.map((id) => element("option", { value: id, selected: id === before }, id)));
    picker.disabled = able.length === 0;
    picker.classList.toggle("single", able.length === 1);
    picker.hidden = inside.hidden = able.length === 0;
    advice.hidden = able.length > 0;
    node.classList.toggle("missing", able.length === 0);
    return able.length > 0;
  };
  return { node, title, offer, ...start };
}

function changed() {
  grow(text);
  for (const { soon } of Object.values(cards)) soon();
}

function fill(given, own) {
  text.value = given;
  labels.value = own;
  grow(text);
  for (const { now } of Object.values(cards)) now();
}

// Shows what the models can do at this moment; what they cannot goes to the end.
export function show() {
  const all = Object.values(cards).map((each) => ({ ...each, isOffered: each.offer() }));
  all.sort((one, other) => Number(other.isOffered) - Number(one.isOffered));
  find("judgements").replaceChildren(...all.map(({ node }) => node));
  find("abilities").replaceChildren(element("section", {}, element("h2", {}, "What this host can do"),
    element("ul", {}, ...all.map(({ title, node, isOffered }) => element("li", { class: isOffered ? "entry" : "entry missing" },
      element("button", { type: "button", class: "entry-link", onclick: () => node.scrollIntoView({ behavior: "smooth", block: "center" }) }, title))))));
  grow(text);
}

export function start() {
  labels.value = localStorage.getItem(OWN_LABELS) ?? "";
  find("classify-column").replaceChildren(
    element("div", { class: "text-box" }, text),
    element("div", { class: "tries" }, ...TRIES.map(([title, given, own]) =>
      element("button", { type: "button", class: "chip", onclick: () => fill(given, own) }, title))),
    element("div", { id: "judgements" }));
}

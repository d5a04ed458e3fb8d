// The settings drawer: what a conversation's model is told, and how its answers are sampled. They hold for
// that conversation; only a button makes them the standard of new ones.

import { element, find, toast } from "./dom.js";

const STORE = "roost.settings";

// Empty means the host's default.
const NUMBERS = [
  { name: "temperature", label: "Temperature", hint: "Higher is more varied, 0 always takes the likeliest.", min: 0, max: 2, step: 0.05, standard: 1 },
  { name: "top_p", label: "Top p", hint: "Keeps the likeliest tokens up to this share.", min: 0, max: 1, step: 0.01, standard: 1 },
  { name: "top_k", label: "Top k", hint: "Keeps this many tokens; 0 keeps all.", min: 0, max: 200, step: 1, standard: 0 },
  { name: "min_p", label: "Min p", hint: "Drops tokens less likely than this share of the best.", min: 0, max: 1, step: 0.01, standard: 0 },
  { name: "repetition_penalty", label: "Repetition penalty", hint: "Above 1 avoids what was said already.", min: 0.5, max: 2, step: 0.01, standard: 1 },
];
const PLAIN = [
  { name: "max_tokens", label: "Longest answer, in tokens", placeholder: "as long as fits", min: 1 },
  { name: "seed", label: "Seed", placeholder: "a new one each time", min: 0 },
];

function read() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}

let standard = read(); // of conversations that say nothing else

const NAMES = [...NUMBERS, ...PLAIN].map((number) => number.name);

// The members of a request that differ from the host's defaults.
export function sampling(conversation) {
  const values = { ...standard, ...conversation.settings };
  return Object.fromEntries(NAMES.map((name) => [name, values[name]]).filter(([, value]) => value !== undefined && value !== null));
}

export const standardInstructions = () => standard.system ?? "";

let conversation = null; // whose settings the drawer shows
let usual = {}; // what its model takes where nothing is set here

const chosen = (name) => sampling(conversation)[name];

function set(name, value) {
  const isNothing = value === null || value === "";
  if (isNothing && standard[name] === undefined) delete conversation.settings[name];
  else conversation.settings[name] = isNothing ? null : value;
}

// Shows the drawer. `given`: the conversation, its model's usual sampling, and what to call when it is closed.
export function open(given) {
  ({ conversation, usual } = given);
  show();
  find("settings").addEventListener("close", given.closed, { once: true });
  find("settings").showModal();
}

function show() {
  find("settings-body").replaceChildren(systemField(), ...NUMBERS.map(slider), ...PLAIN.map(numberField), resetButton(), keepButton());
}

function systemField() {
  const area = element("textarea", {
    id: "system", rows: 5, value: conversation.instructions, placeholder: "You are a helpful assistant.",
    oninput: () => (conversation.instructions = area.value),
  });
  return field("system", "System prompt", area, "What the model is told before this conversation.");
}

function field(id, label, control, hint) {
  return element("div", { class: "field" }, element("label", { for: id }, label), control, hint ? element("p", { class: "hint" }, hint) : null);
}

function slider(number) {
  const id = `set-${number.name}`;
  const shown = element("output", { for: id });
  const normal = usual[number.name] ?? number.standard;
  const show = () => {
    shown.textContent = chosen(number.name) ?? `${normal} · default`;
  };
  const range = element("input", {
    id, type: "range", min: number.min, max: number.max, step: number.step, value: chosen(number.name) ?? normal,
    oninput: () => {
      set(number.name, Number(range.value));
      show();
    },
  });
  show();
  return element("div", { class: "field" },
    element("div", { class: "field-line" }, element("label", { for: id }, number.label), shown),
    range,
    element("p", { class: "hint" }, number.hint));
}

function numberField(number) {
  const id = `set-${number.name}`;
  const input = element("input", {
    id, type: "number", inputmode: "numeric", min: number.min, step: 1, placeholder: number.placeholder, value: chosen(number.name) ?? "",
    oninput: () => set(number.name, input.validity.valid && input.value !== "" ? Number(input.value) : null),
  });
  return field(id, number.label, input);
}

function resetButton() {
  return element("button", {
    type: "button", class: "plain wide",
    onclick: () => {
      for (const name of NAMES) set(name, null);
      show();
    },
  }, "Back to the defaults");
}

function keepButton() {
  return element("button", {
    type: "button", class: "plain wide",
    onclick: () => {
      standard = { ...sampling(conversation), system: conversation.instructions };
      localStorage.setItem(STORE, JSON.stringify(standard));
      toast("New chats begin with these settings.");
    },
  }, "Use these for new chats");
}

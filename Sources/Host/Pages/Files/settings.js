// The settings drawer: a system prompt for the conversation and sampling for all of them.

import { element, find } from "./dom.js";

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

let values = read();

function set(name, value) {
  if (value === null || value === "") delete values[name];
  else values[name] = value;
  localStorage.setItem(STORE, JSON.stringify(values));
}

// The members of a request that differ from the host's defaults.
export function sampling() {
  const names = [...NUMBERS, ...PLAIN].map((number) => number.name);
  return Object.fromEntries(names.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]));
}

export const standardSystemPrompt = () => values.system ?? "";

// What the model of the conversation takes where nothing is set here.
let usual = {};

// Shows the drawer. `conversation` is asked for its system prompt and told the new one, and for its model's sampling.
export function open(conversation) {
  usual = conversation.sampling();
  find("settings-body").replaceChildren(systemField(conversation), ...NUMBERS.map(slider), ...PLAIN.map(numberField), resetButton(conversation));
  find("settings").showModal();
}

function systemField(conversation) {
  const area = element("textarea", {
    id: "system", rows: 5, value: conversation.system(), placeholder: "You are a helpful assistant.",
    oninput: () => {
      conversation.setSystem(area.value);
      set("system", area.value);
    },
  });
  return field("system", "System prompt", area, "What the model is told before this conversation, and before new ones.");
}

function field(id, label, control, hint) {
  return element("div", { class: "field" }, element("label", { for: id }, label), control, hint ? element("p", { class: "hint" }, hint) : null);
}

function slider(number) {
  const id = `set-${number.name}`;
  const shown = element("output", { for: id });
  const standard = usual[number.name] ?? number.standard;
  const show = () => {
    shown.textContent = values[number.name] ?? `${standard} · default`;
  };
  const range = element("input", {
    id, type: "range", min: number.min, max: number.max, step: number.step, value: values[number.name] ?? standard,
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
    id, type: "number", inputmode: "numeric", min: number.min, step: 1, placeholder: number.placeholder, value: values[number.name] ?? "",
    oninput: () => set(number.name, input.validity.valid && input.value !== "" ? Number(input.value) : null),
  });
  return field(id, number.label, input);
}

function resetButton(conversation) {
  return element("button", {
    type: "button", class: "plain wide",
    onclick: () => {
      const { system } = values;
      values = system ? { system } : {};
      localStorage.setItem(STORE, JSON.stringify(values));
      find("settings").close();
      open(conversation);
    },
  }, "Back to the defaults");
}

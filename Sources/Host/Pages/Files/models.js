// The models of the host: the picker in the header and the drawer with their state.

import { element, find } from "./dom.js";
import { host } from "./api.js";

const CHOSEN = "roost.model";
const STATES = { ready: "ready", reloading: "ready", loading: "loading", unloaded: "not loaded", failed: "failed", quarantined: "keeps failing" };

let models = [];

export const chosen = () => models.find((model) => model.id === find("model").value) ?? null;
export const isLoaded = () => chosen()?.state === "ready";

// The models that can do it, as far as the host knows before it has loaded them.
export const able = (ability) => models.filter((model) => model.abilities?.includes(ability));
export const named = (name) => models.find((model) => model.id === name) ?? null;
const converses = (model) => !model.abilities?.length || model.abilities.some((ability) => ability === "chat" || ability === "completion");
export const isPlain = () => chosen()?.meta?.chat_template === "plain";

export function start(changed) {
  find("model").addEventListener("change", () => {
    localStorage.setItem(CHOSEN, find("model").value);
    showFacts();
    changed();
  });
  find("open-models").addEventListener("click", openDrawer);
}

export async function refresh() {
  models = await host.models();
  const picker = find("model");
  const wanted = picker.disabled ? localStorage.getItem(CHOSEN) : picker.value;
  const offered = models.filter(converses);
  picker.replaceChildren(...offered.map((model) => element("option", { value: model.id }, label(model))));
  picker.disabled = offered.length === 0;
  if (!offered.length) picker.append(element("option", { value: "" }, "No model"));
  choose(wanted);
}

export function choose(name) {
  if (models.some((model) => model.id === name && converses(model))) find("model").value = name;
  showFacts();
}

function label(model) {
  const state = STATES[model.state] ?? model.state;
  return !state || state === "ready" ? model.id : `${model.id} (${state})`;
}

function showFacts() {
  const meta = chosen()?.meta ?? {};
  // "1.24B" needs no word behind it, "581" does.
  const size = meta.parameters && count(meta.parameters) + (meta.parameters < 1e6 ? " parameters" : "");
  const facts = [size, meta.quantization, meta.context_length && `${meta.context_length.toLocaleString("en")} context`];
  find("model-facts").textContent = facts.filter(Boolean).join(" · ");
}

export function count(number) {
  for (const [size, unit] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"]]) {
    if (number >= size) return `${Number((number / size).toPrecision(3))}${unit}`;
  }
  return String(number);
}

// What the admin routes know, if this browser has an admin key; else what every client may see.
async function openDrawer() {
  find("models-body").replaceChildren(element("p", { class: "hint" }, "…"));
  find("models").showModal();
  let states = [];
  let note = null;
  try {
    states = await host.adminModels();
  } catch (error) {
    note = error.needsKey ? element("p", { class: "hint", id: "models-note" }, "Memory, restarts and errors are for the admin: ", element("code", {}, "roost open"), " opens this page with the key.") : null;
  }
  const cards = models.map((model) => card(model, states.find((state) => state.name === model.id)));
  const shown = cards.length ? cards : [element("p", { class: "hint" }, "This host has no models yet.")];
  find("models-body").replaceChildren(...shown, ...(note ? [note] : []));
}

function card(model, state) {
  const meta = model.meta ?? {};
  const name = STATES[state?.state ?? model.state] ?? state?.state ?? model.state ?? "ready";
  const memory = state?.worker?.resident_bytes;
  const rows = [
    ["Plugin", [state?.plugin ?? meta.plugin, state?.isolation].filter(Boolean).join(", ")],
    ["Architecture", meta.architecture],
    ["Parameters", meta.parameters && count(meta.parameters)],
    ["Weights", meta.quantization],
    ["Abilities", model.abilities?.join(", ")],
    ["Dimensions", meta.dimensions],
    ["Labels", meta.labels?.length],
    ["Images", meta.image?.width && `${meta.image.width} × ${meta.image.height}, ${meta.image.steps} steps`],
    ["Context", meta.context_length?.toLocaleString("en")],
    ["Chat template", { model: "its own", plain: "none, it continues", broken: "cannot be read" }[meta.chat_template]],
    ["License", meta.license],
    ["Generation", state?.generation],
    ["Restarts", state?.worker?.restarts],
    ["Memory", memory && `${Math.round(memory / 1e6).toLocaleString("en")} MB`],
    ["Running", state?.requests],
    ["Warnings", state?.warnings?.join("; ")],
    ["Last error", state?.last_error],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
  return element("section", { class: "card" },
    element("h3", {}, model.id, element("span", { class: `state ${name === "ready" ? "good" : name === "failed" ? "bad" : ""}` }, name)),
    element("dl", {}, ...rows.flatMap(([term, value]) => [element("dt", {}, term), element("dd", {}, String(value))])));
}

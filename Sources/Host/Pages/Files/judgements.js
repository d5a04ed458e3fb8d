// What models say of a text, as elements: shares of labels, marked names, closeness.

import { element } from "./dom.js";

const SHOWN = 8;

// Labels with their scores, best first; many are folded away.
export function bars(labels) {
  const sorted = [...labels].sort((one, other) => other.score - one.score);
  const list = (some) => element("ul", { class: "bars" }, ...some.map(bar));
  const rest = sorted.slice(SHOWN);
  return [list(sorted.slice(0, SHOWN)),
    rest.length ? element("details", { class: "rest" }, element("summary", {}, `${rest.length} more`), list(rest)) : ""];
}

function bar({ label, score }) {
  const fill = element("span", { class: "bar-fill" });
  fill.style.setProperty("--share", Math.max(0, Math.min(1, score)));
  return element("li", { class: "bar-line" }, element("span", { class: "bar-label" }, label),
    element("span", { class: "bar-track" }, fill), element("span", { class: "score-number" }, score.toFixed(3)));
}

// The text with the names in it marked. Offsets count code points.
export function highlighted(text, entities) {
  if (!entities.length) return [element("p", { class: "hint" }, "No names were found.")];
  const points = [...text];
  const pieces = [];
  let at = 0;
  for (const { start, end, label, score } of [...entities].sort((one, other) => one.start - other.start)) {
    if (start < at) continue; // within the one before
    pieces.push(points.slice(at, start).join(""), name(points.slice(start, end).join(""), label, score));
    at = end;
  }
  return [element("p", { class: "marked-text" }, ...pieces, points.slice(at).join(""))];
}

function name(text, label, score) {
  const node = element("span", { class: "name", title: `${label}, ${Math.round(score * 100)} %` }, text, element("small", {}, label));
  node.style.setProperty("--hue", hue(label));
  return node;
}

// The same colour for the same label, whatever the model calls it.
function hue(label) {
  let sum = 0;
  for (const character of label) sum = (sum * 31 + character.codePointAt(0)) % 360;
  return sum;
}

export function closeness(score) {
  const words = score > 0.8 ? "nearly the same" : score > 0.6 ? "close" : score > 0.35 ? "related" : score > 0.15 ? "hardly related" : "unrelated";
  return [element("ul", { class: "bars" }, bar({ label: words, score }))];
}

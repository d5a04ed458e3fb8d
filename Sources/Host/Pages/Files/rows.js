// Rows of a collection on the screen: ranked, with their scores, each opening to all that it holds.

import { copyButton, element, icon } from "./dom.js";

const CHIPS = 4;

// A row of a list. `hit`: { id, row, rank?, score? }; `shown`: { collection, best, words, like(text) }.
export function rowView(hit, shown) {
  const head = element("button", { type: "button", class: "row-head", "aria-expanded": "false", onclick: () => toggle(node, hit, shown) },
    hit.score === undefined ? null : scoreView(hit.score, shown.best),
    element("span", { class: "row-text" }, ...summary(hit.row, shown)),
    icon("chevron"));
  const node = element("li", { class: "row", "data-id": hit.id }, head);
  return node;
}

function scoreView(score, best) {
  const bar = element("span", { class: "score-bar" });
  bar.style.setProperty("--share", Math.max(0, Math.min(1, score / best)));
  return element("span", { class: "score" }, element("span", { class: "score-number" }, score.toFixed(3)), bar);
}

export const asText = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

// The text of a row as it is searched; its first column heads it where there are several.
export function textOf(row, { text }) {
  return text.map((column) => asText(row[column])).filter(Boolean);
}

function summary(row, { collection, words }) {
  const texts = textOf(row, collection);
  const title = texts.length > 1 && texts[0].length <= 120 ? texts.shift() : null;
  const others = collection.columns.filter((column) => !collection.text.includes(column) && column !== collection.id_column && asText(row[column]));
  return [
    title && element("strong", {}, ...marked(title, words)),
    element("span", { class: "row-body" }, ...marked(texts.join(" · "), words)),
    others.length ? element("span", { class: "row-chips" }, ...others.slice(0, CHIPS).map((column) =>
      element("span", {}, `${column} `, element("b", {}, asText(row[column]).slice(0, 60))))) : null,
  ];
}

// The text with the words of the query marked, where rows are found by their words. The last word may
// be unfinished.
function marked(text, words) {
  if (!words.length) return [text];
  const whole = words.slice(0, -1).map((word) => `${word}(?![\\p{L}\\p{N}])`);
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${[...whole, words.at(-1)].join("|")})`, "giu");
  const result = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    result.push(text.slice(at, match.index), element("mark", {}, match[0]));
    at = match.index + match[0].length;
  }
  return [...result, text.slice(at)];
}

export const wordsOf = (query) => query.match(/[\p{L}\p{N}]+/gu) ?? [];

function toggle(node, hit, shown) {
  const isOpen = node.classList.toggle("open");
  node.firstElementChild.setAttribute("aria-expanded", String(isOpen));
  if (isOpen) node.append(detail(hit, shown));
  else node.querySelector(".row-detail").remove();
}

function detail({ id, row }, { collection, like }) {
  const columns = [...new Set([...collection.columns, ...Object.keys(row)])].filter((column) => asText(row[column]));
  return element("div", { class: "row-detail" },
    element("dl", {}, ...["id", ...columns.filter((column) => column !== "id")].flatMap((column) => [
      element("dt", {}, column),
      element("dd", {}, column === "id" ? id : asText(row[column])),
    ])),
    element("div", { class: "row-actions" },
      element("button", { type: "button", class: "plain", onclick: () => like(textOf(row, collection).join(". ").slice(0, 300)) }, "Rows like this"),
      copyButton(() => JSON.stringify(row, null, 2), "Copy the row as JSON")));
}

// Arrow keys go from the field to the rows and from row to row.
export function startKeys(field, list) {
  const heads = () => [...list.querySelectorAll(".row-head")];
  const move = (event, from) => {
    const to = event.key === "ArrowDown" ? from + 1 : event.key === "ArrowUp" ? from - 1 : null;
    if (to === null || (to < 0 && from < 0)) return;
    event.preventDefault();
    if (to < 0) field.focus();
    else heads()[to]?.focus();
  };
  field.addEventListener("keydown", (event) => move(event, -1));
  list.addEventListener("keydown", (event) => {
    const at = heads().indexOf(event.target);
    if (at >= 0) move(event, at);
  });
}

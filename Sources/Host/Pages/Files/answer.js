// An answer from the rows that were found, with the rows that it stands on.

import { HostError } from "./api.js";
import { answer } from "./collections.js";
import { announce, button, copyButton, element, find, icon } from "./dom.js";
import { Prose } from "./message.js";

let controller = null;

export function clear() {
  controller?.abort();
  find("answer").replaceChildren();
}

// `show(id)` opens a row of the list.
export async function ask(request, show) {
  clear();
  const mine = new AbortController();
  controller = mine;
  const prose = new Prose();
  const foot = element("div", { class: "answer-foot" }, element("span", { class: "facts" }, "Reading the rows…"));
  const card = element("section", { class: "answer writing", "aria-label": "Answer", "aria-busy": "true" },
    element("header", {}, icon("quote"), element("h2", {}, request.question), button("close", "Close the answer", clear)),
    prose.node, foot);
  find("answer").replaceChildren(card);
  let text = "";
  try {
    const whole = await answer(request, mine.signal, (piece) => prose.show((text += piece)));
    finish(card, prose, foot, whole, show);
  } catch (error) {
    if (error.name === "AbortError") return;
    card.replaceChildren(card.firstElementChild, element("p", { class: "advice" }, error.message));
    if (!(error instanceof HostError)) throw error;
  } finally {
    card.classList.remove("writing");
    card.removeAttribute("aria-busy");
  }
}

function finish(card, prose, foot, whole, show) {
  const text = whole.answer?.trim();
  prose.show(text || "The rows do not say.");
  const sources = whole.sources ?? [];
  const cites = sources.some((source) => source.cited);
  foot.replaceChildren(copyButton(() => text, "Copy the answer"), element("span", { class: "facts" }, origin(whole, cites)));
  if (sources.length) card.append(element("ol", { class: cites ? "sources cited" : "sources" }, ...sources.map((source) => sourceView(source, show))));
  announce(`Answer: ${text}`);
}

function origin({ mode, model, score }, cites) {
  if (mode !== "generate") return ["quoted from a row", typeof score === "number" && `${Math.round(score * 100)} % sure`].filter(Boolean).join(" · ");
  return `written by ${model} ${cites ? "from these rows" : "with these rows at hand; it names none of them"}`;
}

function sourceView(source, show) {
  return element("li", { class: source.cited === false ? "uncited" : null },
    element("button", { type: "button", class: "source", onclick: () => show(source.id) }, ...quoted(source)));
}

// The source's text around the answer, which is marked. Offsets count code points.
function quoted({ text, start, end }) {
  const points = [...text];
  if (!(end > start)) return [points.slice(0, 240).join("") + (points.length > 240 ? "…" : "")];
  const from = Math.max(0, start - 120);
  const to = Math.min(points.length, end + 120);
  const piece = (begin, stop) => points.slice(begin, stop).join("");
  return [
    (from > 0 ? "…" : "") + piece(from, start), element("mark", {}, piece(start, end)),
    piece(end, to) + (to < points.length ? "…" : ""),
  ];
}

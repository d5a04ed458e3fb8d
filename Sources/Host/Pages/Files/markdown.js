// Markdown to elements. Blocks first, then the text inside them; whatever is not understood stays
// text. Nothing here parses HTML, and links go to http, https and mailto only.

import { copyButton, element } from "./dom.js";
import { highlight } from "./highlight.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(\s+|$)(.*)$/;
const DELIMITER_ROW = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

// The top-level blocks of a text, each with the lines that it covers.
export function blocks(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const result = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const [kind, end] = blockAt(lines, at);
    result.push({ kind, lines: lines.slice(at, end), key: `${kind}\n${lines.slice(at, end).join("\n")}` });
    at = end;
  }
  return result;
}

function blockAt(lines, at) {
  const line = lines[at];
  if (FENCE.test(line)) return ["code", fenceEnd(lines, at)];
  if (HEADING.test(line)) return ["heading", at + 1];
  if (RULE.test(line)) return ["rule", at + 1];
  if (QUOTE.test(line)) return ["quote", runEnd(lines, at, (l) => QUOTE.test(l) || isLazy(l))];
  if (ITEM.test(line)) return ["list", listEnd(lines, at)];
  if (isTable(lines, at)) return ["table", runEnd(lines, at + 2, (l) => l.includes("|") && l.trim() !== "")];
  return ["paragraph", runEnd(lines, at + 1, isLazy)];
}

function runEnd(lines, at, belongs) {
  while (at < lines.length && belongs(lines[at])) at += 1;
  return at;
}

// Whether a line goes on with the paragraph before it.
function isLazy(line) {
  return line.trim() !== "" && !FENCE.test(line) && !HEADING.test(line) && !RULE.test(line) && !QUOTE.test(line) && !ITEM.test(line);
}

function fenceEnd(lines, at) {
  const fence = FENCE.exec(lines[at])[1];
  const closing = new RegExp(`^ {0,3}${fence[0] === "`" ? "`" : "~"}{${fence.length},}\\s*$`);
  for (let end = at + 1; end < lines.length; end += 1) if (closing.test(lines[end])) return end + 1;
  return lines.length;
}

function isTable(lines, at) {
  const next = lines[at + 1];
  return lines[at].includes("|") && next !== undefined && next.includes("-") && DELIMITER_ROW.test(next) && cells(lines[at]).length === cells(next).length;
}

// A list ends at an unindented line behind a blank one, or at another kind of block.
function listEnd(lines, at) {
  let end = at + 1;
  while (end < lines.length) {
    const line = lines[end];
    if (!line.trim()) {
      const next = lines.slice(end).findIndex((l) => l.trim());
      const after = next < 0 ? undefined : lines[end + next];
      if (after === undefined || !(ITEM.test(after) || /^\s{2,}/.test(after))) return end;
      end += next;
    } else if (ITEM.test(line) || /^\s{2,}/.test(line) || isLazy(line)) {
      if (RULE.test(line)) return end;
      end += 1;
    } else {
      return end;
    }
  }
  return end;
}

// A block whose nesting exhausts the stack is shown as it was written.
export function render(block) {
  try {
    return RENDERERS[block.kind](block.lines);
  } catch {
    return element("p", {}, block.lines.join("\n"));
  }
}

export function markdown(text) {
  return blocks(text).map(render);
}

const RENDERERS = {
  paragraph: (lines) => element("p", {}, ...inline(lines.join("\n").trim())),
  heading: (lines) => {
    const [, marks, text] = HEADING.exec(lines[0]);
    return element(`h${Math.min(marks.length + 1, 6)}`, {}, ...inline(text ?? ""));
  },
  rule: () => element("hr"),
  quote: (lines) => element("blockquote", {}, ...markdown(lines.map((l) => l.replace(QUOTE, "")).join("\n"))),
  code: (lines) => codeBlock(lines),
  list: (lines) => list(lines),
  table: (lines) => table(lines),
};

function codeBlock(lines) {
  const [, fence, info] = FENCE.exec(lines[0]);
  const language = info.trim().split(/\s+/)[0].toLowerCase();
  const last = lines[lines.length - 1];
  const isClosed = lines.length > 1 && last.trim().startsWith(fence) && !last.trim().replaceAll(fence[0], "");
  const code = lines.slice(1, isClosed ? -1 : undefined).join("\n");
  return element("figure", { class: "code" },
    element("figcaption", {}, element("span", {}, language || "text"), copyButton(() => code, "Copy the code")),
    element("pre", { tabindex: "0" }, element("code", {}, ...highlight(code, language))));
}

function list(lines) {
  const first = ITEM.exec(lines[0]);
  const isOrdered = /\d/.test(first[2]);
  const items = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && item[1].length < first[1].length + 2) {
      items.push({ indent: item[1].length + item[2].length + 1, lines: [item[4]] });
    } else {
      const current = items[items.length - 1];
      const blanks = /^\s*/.exec(line)[0].length;
      current.lines.push(line.slice(Math.min(blanks, current.indent)));
    }
  }
  const isLoose = lines.some((line, index) => !line.trim() && index < lines.length - 1);
  const start = isOrdered ? Number.parseInt(first[2], 10) : 1;
  return element(isOrdered ? "ol" : "ul", { start: start !== 1 ? start : null },
    ...items.map((item) => listItem(item.lines, isLoose)));
}

function listItem(lines, isLoose) {
  const task = /^\[([ xX])\]\s+/.exec(lines[0]);
  if (task) lines[0] = lines[0].slice(task[0].length);
  const children = markdown(lines.join("\n"));
  if (!isLoose && children[0]?.tagName === "P") children.splice(0, 1, ...children[0].childNodes);
  if (!task) return element("li", {}, ...children);
  const box = element("input", { type: "checkbox", disabled: true, checked: task[1] !== " ", "aria-label": "Task" });
  return element("li", { class: "task" }, box, ...children);
}

function cells(row) {
  return row.trim().replace(/^\|/, "").replace(/(^|[^\\])\|$/, "$1").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function table(lines) {
  const aligns = cells(lines[1]).map((cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : null));
  const row = (line, tag) => {
    const texts = cells(line);
    return element("tr", {}, ...aligns.map((align, index) => element(tag, { class: align, scope: tag === "th" ? "col" : null }, ...inline(texts[index] ?? ""))));
  };
  return element("div", { class: "table", tabindex: "0" },
    element("table", {},
      element("thead", {}, row(lines[0], "th")),
      element("tbody", {}, ...lines.slice(2).map((line) => row(line, "td")))));
}

// Inside a block, in the order in which they are tried at each place.
const INLINE = [
  [/^\\([!-/:-@[-`{-~])/, (m) => m[1]],
  [/^(`+)(?!`)([\s\S]*?[^`])\1(?!`)/, (m) => element("code", {}, m[2].replaceAll("\n", " ").replace(/^ (.*) $/, "$1"))],
  [/^!?\[((?:\\.|[^\]\\[]|\[[^\]]*\])*)\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+["'][^"']*["'])?\s*\)/, (m) => link(m[2], inline(m[1])) ?? m[0]],
  [/^<((?:https?:\/\/|mailto:)[^\s<>]*)>/, (m) => link(m[1], [m[1]])],
  [/^(\*\*|__)(?=\S)([\s\S]*?\S)\1(?!\w)/, (m) => element("strong", {}, ...inline(m[2]))],
  [/^~~(?=\S)([\s\S]*?\S)~~/, (m) => element("del", {}, ...inline(m[1]))],
  [/^\*(?=[^\s*])((?:[^*]|\*\*[^*]+\*\*)*[^\s*])\*(?!\*)/, (m) => element("em", {}, ...inline(m[1]))],
  [/^_(?=[^\s_])([^_]*[^\s_])_(?!\w)/, (m) => element("em", {}, ...inline(m[1]))],
  [/^ {2,}\n|^\\\n/, () => element("br")],
  [/^\n/, () => element("br")],
];
const BARE_LINK = /^https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}*_~]/;
const STARTS = /[\\`![<*_~\n]| {2,}\n|https?:\/\//g;

// The elements of a text without blocks. Each mark is looked for once at its own place.
export function inline(text) {
  const result = [];
  let plain = "";
  const flush = () => {
    if (plain) result.push(plain);
    plain = "";
  };
  while (text) {
    STARTS.lastIndex = 0;
    const next = STARTS.exec(text)?.index ?? text.length;
    plain += text.slice(0, next);
    text = text.slice(next);
    const found = text && match(text, plain);
    if (found) {
      flush();
      result.push(found.node);
      text = text.slice(found.length);
    } else {
      plain += text.slice(0, 1);
      text = text.slice(1);
    }
  }
  flush();
  return result;
}

// Beyond this a mark that never closes is not searched for its end again and again.
const REACH = 4000;

function match(text, before) {
  const isInsideWord = /[\p{L}\p{N}_]$/u.test(before);
  const window = text.slice(0, REACH);
  const bare = !isInsideWord && BARE_LINK.exec(window);
  if (bare) return { node: link(bare[0], [bare[0]]), length: bare[0].length };
  if (isInsideWord && text[0] === "_") return null;
  for (const [pattern, make] of INLINE) {
    const found = pattern.exec(window);
    if (found) return { node: make(found), length: found[0].length };
  }
  return null;
}

function link(target, children) {
  let url;
  try {
    url = new URL(target);
  } catch {
    return null;
  }
  if (!["http:", "https:", "mailto:"].includes(url.protocol)) return null;
  return element("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

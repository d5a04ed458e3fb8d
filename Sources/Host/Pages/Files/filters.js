// The conditions that a row has to meet: a column, an operator, a value.

import { button, element, find } from "./dom.js";

const OPERATORS = [
  ["eq", "is"], ["ne", "is not"], ["contains", "contains"], ["starts_with", "begins with"],
  ["gt", "more than"], ["gte", "at least"], ["lt", "less than"], ["lte", "at most"], ["in", "one of"],
];

let columns = [];
let changed = () => {};

export function start(whenChanged) {
  changed = whenChanged;
  find("add-filter").addEventListener("click", () => add().querySelector("select").focus());
}

// Another collection has other columns; conditions on columns that it lacks go. The id, which a row is
// rarely asked for by, comes last.
export function setColumns({ columns: all, id_column: id }) {
  const names = [...all].sort((one, other) => Number(one === id) - Number(other === id));
  const isSame = names.length === columns.length && names.every((name, at) => name === columns[at]);
  columns = names;
  if (isSame) return;
  for (const row of find("filters").children) if (!names.includes(row.firstElementChild.value)) row.remove();
}

function add() {
  const choice = (name, options) => element("select", { "aria-label": name, onchange: changed },
    ...options.map(([value, label]) => element("option", { value }, label)));
  const column = choice("Column", columns.map((name) => [name, name]));
  const operator = choice("Condition", OPERATORS);
  const value = element("input", { type: "text", "aria-label": "Value", placeholder: "value", autocomplete: "off", oninput: changed });
  operator.addEventListener("change", () => (value.placeholder = operator.value === "in" ? "a, b, c" : "value"));
  const row = element("div", { class: "filter" }, column, operator, value,
    button("close", "Remove the condition", () => {
      row.remove();
      changed();
    }));
  find("filters").append(row);
  return row;
}

// What a query is limited to, or nothing. A condition without a value is not one yet.
export function filter() {
  const all = [...find("filters").children].flatMap((row) => {
    const [column, operator, value] = [...row.children].map((node) => node.value);
    return value.trim() ? [{ [column]: { [operator]: operand(operator, value.trim()) } }] : [];
  });
  return all.length > 1 ? { and: all } : all[0];
}

function operand(operator, text) {
  if (operator === "in") return text.split(",").map((part) => literal(part.trim())).filter((part) => part !== "");
  return operator === "contains" || operator === "starts_with" ? text : literal(text);
}

const literal = (text) => (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) ? Number(text) : text);

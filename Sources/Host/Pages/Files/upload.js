// A table becomes a collection: the file, the columns that are its text, a name.

import { collections } from "./collections.js";
import { element, find, icon } from "./dom.js";
import * as models from "./models.js";
import * as shelf from "./shelf.js";
import { asText } from "./rows.js";
import { beginning, idColumn, proposedName, textColumns } from "./table.js";

const SHOWN_ROWS = 4;

let created = () => {};
let controller = null;

// `whenCreated(collection)` is told of every new collection.
export function start(whenCreated) {
  created = whenCreated;
  for (const id of ["new-collection", "new-collection-small"]) find(id).addEventListener("click", open);
  find("upload-file").addEventListener("change", (event) => choose(event.target.files[0]));
  find("upload").addEventListener("close", () => controller?.abort());
  startDropping();
}

export function open() {
  const input = find("upload-file");
  input.value = "";
  find("upload-body").replaceChildren(element("button", { type: "button", class: "drop", onclick: () => input.click() },
    icon("upload"), element("strong", {}, "Drop a table here, or choose a file"),
    element("span", {}, "CSV, TSV, JSONL, JSON, or plain text with a row a line")));
  if (!find("upload").open) find("upload").showModal();
  find("upload-body").firstElementChild.focus();
}

// A file may be dropped anywhere on the tab, and on the dialog.
function startDropping() {
  let depth = 0;
  const isFile = (event) => document.body.dataset.tab === "search" && [...event.dataTransfer.types].includes("Files");
  const enter = (change) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle("is-dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => isFile(event) && enter(1));
  addEventListener("dragleave", (event) => isFile(event) && enter(-1));
  addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    enter(-depth);
    choose(event.dataTransfer.files[0]);
  });
}

async function choose(file) {
  if (!file) return;
  open();
  try {
    showColumns(file, await beginning(file));
  } catch (error) {
    find("upload-body").append(element("p", { class: "advice", role: "alert" }, error.message));
  }
}

function showColumns(file, table) {
  const proposed = textColumns(table);
  const checks = table.columns.map((column) => element("input", { type: "checkbox", value: column, checked: proposed.includes(column) }));
  const chosen = () => checks.filter((check) => check.checked).map((check) => check.value);
  const name = element("input", { id: "upload-name", type: "text", required: true, maxlength: 128, pattern: "[\\p{L}\\p{N}][\\p{L}\\p{N}_.:\\-]*", title: "Letters, digits and . _ : - with a letter or digit first", autocomplete: "off", spellcheck: "false", value: proposedName(file.name) });
  const id = picker("upload-id", [["", "numbered by the host"], ...table.columns.map((column) => [column, column])], idColumn(table));
  const able = models.able("embeddings").map(({ id }) => [id, id]);
  const model = able.length > 1 ? picker("upload-model", able, able[0][0]) : null;
  const submit = element("button", { type: "submit", class: "primary", value: "ok" }, "Create the collection");
  const note = element("p", { class: "hint", role: "status" });
  const show = () => {
    submit.disabled = !chosen().length || !name.value;
    const old = shelf.named(name.value);
    note.textContent = !chosen().length ? "Choose at least one column that is text."
      : old ? `Takes the place of “${old.name}” and its ${old.count.toLocaleString("en")} rows.` : "";
  };
  for (const control of [...checks, name]) control.addEventListener("input", show);
  find("upload-body").replaceChildren(
    element("p", { class: "file-facts" }, element("b", {}, file.name), ` ${size(file.size)}`),
    element("p", {}, "Rows are found by the columns that are ticked; the others can be shown and filtered by."),
    preview(table, checks),
    element("div", { class: "fields" }, labelled("Name", name), labelled("Id of a row", id), model && labelled("Model", model)),
    note,
    element("div", { class: "modal-buttons" }, element("button", { type: "button", class: "plain", onclick: open }, "Another file"), submit));
  show();
  submit.focus();
  find("upload-form").onsubmit = (event) => {
    if (event.submitter !== submit) return;
    event.preventDefault();
    send(name.value, { file, type: table.type, text: chosen(), id: id.value, model: model?.value }, submit);
  };
}

function picker(id, options, value) {
  return element("select", { id, value }, ...options.map(([key, label]) => element("option", { value: key, selected: key === value }, label)));
}

const labelled = (label, control) => element("label", { class: "small-field" }, element("span", {}, label), control);

function preview({ columns, rows }, checks) {
  const cell = (row, column) => element("td", {}, element("span", {}, asText(row[column]).slice(0, 140)));
  return element("div", { class: "table preview", tabindex: "0" }, element("table", {},
    element("thead", {}, element("tr", {}, ...columns.map((column, at) =>
      element("th", { scope: "col" }, element("label", {}, checks[at], column))))),
    element("tbody", {}, ...rows.slice(0, SHOWN_ROWS).map((row) => element("tr", {}, ...columns.map((column) => cell(row, column)))))));
}

async function send(name, table, submit) {
  controller = new AbortController();
  submit.disabled = true;
  submit.textContent = "Sending the rows…";
  try {
    const collection = await collections.create(name, table, controller.signal);
    controller = null;
    find("upload").close();
    created(collection);
  } catch (error) {
    if (error.name === "AbortError") return;
    submit.disabled = false;
    submit.textContent = "Create the collection";
    submit.parentElement.before(element("p", { class: "advice", role: "alert" }, error.message));
  }
}

function size(bytes) {
  for (const [unit, name] of [[1e6, "MB"], [1e3, "KB"]]) if (bytes >= unit) return `${(bytes / unit).toFixed(1)} ${name}`;
  return `${bytes} bytes`;
}

// The beginning of a table file, read in the browser: enough to show it and to propose its columns.

const PREVIEW_BYTES = 256 * 1024;

const TYPES = {
  csv: "text/csv", tsv: "text/tab-separated-values", jsonl: "application/jsonl", ndjson: "application/jsonl",
  json: "application/json", txt: "text/plain", md: "text/plain",
};

// { type, columns, rows, isWhole }; rows are objects. Throws an Error that says what is wrong.
export async function beginning(file) {
  const ending = file.name.split(".").pop().toLowerCase();
  const type = TYPES[ending];
  if (!type) throw new Error(`“${file.name}” is none of the files that can be read: CSV, TSV, JSONL, JSON or plain text.`);
  const isWhole = file.size <= PREVIEW_BYTES || ending === "json";
  const rows = read(ending, await decoded(isWhole ? file : file.slice(0, PREVIEW_BYTES)), isWhole).slice(0, 200);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (!rows.length || !columns.length) throw new Error(`“${file.name}” has no rows.`);
  return { type, columns, rows, isWhole };
}

function read(ending, text, isWhole) {
  if (ending === "json") return objects(JSON.parse(text));
  if (ending === "jsonl" || ending === "ndjson") return lines(text, isWhole).flatMap(parsed);
  if (ending === "txt" || ending === "md") return lines(text, isWhole).map((line) => ({ text: line }));
  const records = delimited(text, isWhole, ending === "tsv" ? "\t" : delimiter(text));
  const names = columnNames(hasHeader(records) ? records.shift() : records[0]?.map(() => "") ?? []);
  return records.filter((record) => record.length === names.length).map((record) => Object.fromEntries(names.map((name, at) => [name, record[at]])));
}

// UTF-8, UTF-16 with its mark, else what older programs write. The cut may go through a character.
async function decoded(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const mark = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(mark, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

// As the host decides it: a first line with a number in it names no columns.
const hasHeader = (records) => records.length > 0 && !records[0].some((cell) => /^\s*[-+]?[\d.,]+\s*$/.test(cell));

function columnNames(header) {
  const taken = new Set();
  return header.map((cell, at) => {
    const name = cell.trim() || `column${at + 1}`;
    let unique = name;
    for (let number = 2; taken.has(unique); number += 1) unique = `${name}_${number}`;
    taken.add(unique);
    return unique;
  });
}

function objects(value) {
  if (!Array.isArray(value)) throw new Error("The JSON file is no list of rows.");
  return value.filter((row) => row !== null && typeof row === "object");
}

// Without what the cut left of the last line.
function lines(text, isWhole) {
  const all = text.split(/\r\n?|\n/);
  return (isWhole ? all : all.slice(0, -1)).filter((line) => line.trim());
}

function parsed(line) {
  try {
    return [JSON.parse(line)].filter((row) => row !== null && typeof row === "object");
  } catch {
    return []; // the host names the lines that it refuses
  }
}

// The likeliest of the usual ones: the one that the first line has most of.
function delimiter(text) {
  const first = text.slice(0, 10_000).split(/\r\n?|\n/, 1)[0];
  const count = (mark) => first.split(mark).length;
  return [",", ";", "\t", "|"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

// RFC 4180: quoted fields may hold delimiters, line breaks and doubled quotes.
function delimited(text, isWhole, mark) {
  const records = [];
  let record = [];
  const end = `\\${mark}`;
  const field = new RegExp(`(?:"((?:[^"]|"")*)"|([^"\\r\\n${end}][^\\r\\n${end}]*)?)(${end}|\\r\\n|\\n|\\r|$)`, "y");
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (!found) break; // an open quote, or text behind a closing one
    record.push(found[1] !== undefined ? found[1].replaceAll('""', '"') : found[2] ?? "");
    if (found[3] === mark && field.lastIndex < text.length) continue;
    if (found[3] === "" && !isWhole) break;
    if (record.length > 1 || record[0]) records.push(record);
    record = [];
  }
  return records;
}

// MARK: - What the columns may be

const values = (rows, column) => rows.map((row) => row[column]).filter((value) => value !== undefined && value !== null && value !== "");

// Columns with words in them; at least one.
export function textColumns({ columns, rows }) {
  const letters = (column) => {
    const all = values(rows, column).map((value) => (typeof value === "object" ? "" : String(value)));
    return all.reduce((sum, value) => sum + (value.match(/\p{L}/gu)?.length ?? 0), 0) / Math.max(all.length, 1);
  };
  const isTitle = (column) => /^(title|name|heading|subject|question|summary|text|body|content|description)$/i.test(column);
  const found = columns.filter((column) => letters(column) >= 20 || (isTitle(column) && letters(column) >= 2));
  return found.length ? found : [columns.reduce((best, column) => (letters(column) > letters(best) ? column : best))];
}

// A column that tells rows apart and is called so.
export function idColumn({ columns, rows }) {
  return columns.find((column) => /^_?(id|uuid|key|isbn|sku)$/i.test(column) && new Set(values(rows, column)).size === rows.length) ?? "";
}

export function proposedName(fileName) {
  const name = fileName.replace(/\.\w+$/, "").toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return name.slice(0, 64) || "collection";
}

// What the page asks of its host about collections: tables whose rows are found by their meaning.

import { HostError, events, json, key, request, sentence, told } from "./api.js";

const at = (name, rest = "") => `/v1/collections/${encodeURIComponent(name)}${rest}`;

export const collections = {
  list: async () => (await json("GET", "/v1/collections")).data,
  describe: (name) => json("GET", at(name)),
  // Answered when the rows are kept; they are embedded behind that.
  create: (name, { file, type, text, id, model }, signal) => {
    const query = new URLSearchParams(text.map((column) => ["text", column]));
    if (id) query.set("id", id);
    if (model) query.set("model", model);
    return json("PUT", `${at(name)}?${query}`, { body: file, type, signal });
  },
  remove: (name) => json("DELETE", at(name)),
  rows: async (name, limit, signal) => (await json("GET", at(name, `/documents?limit=${limit}`), { signal })).data,
  query: (name, body, signal) => json("POST", at(name, "/query"), { body, signal }),
  exportPath: (name, format) => at(name, `/export?format=${format}`),
};

// How far the embedding is, again and again until it is over; the last is the collection itself.
export async function* progress(name, signal) {
  const response = await request("GET", at(name, "/events"), { signal });
  for await (const event of events(response.body)) {
    if (event.error?.message) throw new HostError(sentence(event.error.message), { status: 500 });
    yield event;
  }
}

// A link cannot carry the key; with one the file is fetched and handed over.
export async function exported(name, format) {
  if (!key.get()) return collections.exportPath(name, format);
  return URL.createObjectURL(await (await request("GET", collections.exportPath(name, format))).blob());
}

// An answer from rows. Calls `onText` with each piece of one that is written by a model; returns the
// whole answer with its sources.
export const answer = (body, signal, onText) => told("/v1/answer", "answer", body, signal, onText);

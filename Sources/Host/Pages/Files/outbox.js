// What the host has yet to keep. It waits in the browser until the host has it, through an outage of
// the host and a reload of the page.

import { host } from "./api.js";

const STORE = "roost.outbox";

let waiting = read(); // by conversation: { title, model, instructions, settings, messages }
let sending = null;

function read() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}

function remember() {
  try {
    if (Object.keys(waiting).length) localStorage.setItem(STORE, JSON.stringify(waiting));
    else localStorage.removeItem(STORE);
  } catch {
    // The browser's store is full: it waits as long as the page is open.
  }
}

const head = ({ title, model, instructions, settings }) => ({ title, model, instructions, settings });

// Keeps these messages of a conversation, and its heading. Resolves when the host has them or has refused them.
export function keep(conversation, messages) {
  const mine = (waiting[conversation.id] = { ...head(conversation), messages: waiting[conversation.id]?.messages ?? [] });
  for (const message of messages) {
    const { id, parent, role, content, metadata } = message;
    const at = mine.messages.findIndex((other) => other.id === id);
    mine.messages.splice(at < 0 ? mine.messages.length : at, at < 0 ? 0 : 1, { id, parent, role, content, metadata });
  }
  remember();
  return flush();
}

// The same, in the last moment of the page.
export function keepLeaving(conversation, messages) {
  host.append(conversation.id, { ...head(conversation), messages }, true).catch(() => {});
}

export function forget(id) {
  delete waiting[id];
  remember();
}

// Sends all that waits, one conversation after the other, so that an older state never overwrites a newer one.
// Throws what the host refused, and if it cannot be reached.
export function flush() {
  sending = (sending ?? Promise.resolve()).catch(() => {}).then(send);
  return sending;
}

async function send() {
  let refused = null;
  for (const id of Object.keys(waiting)) {
    const mine = waiting[id];
    waiting[id] = null; // what comes meanwhile is sent next
    try {
      await (mine.messages.length ? host.append(id, mine) : host.change(id, mine));
    } catch (error) {
      if (isTransient(error)) {
        const { messages = [], ...later } = waiting[id] ?? {};
        const newer = new Set(messages.map((message) => message.id));
        waiting[id] = { ...mine, ...later, messages: [...mine.messages.filter((message) => !newer.has(message.id)), ...messages] };
        remember();
        throw error;
      }
      refused = error;
    }
    if (waiting[id] === null) delete waiting[id];
    remember();
  }
  if (refused) throw refused;
}

// Whether the same may be taken later.
function isTransient(error) {
  return error.isUnreachable || error.needsKey || error.status === 429 || error.status >= 500;
}

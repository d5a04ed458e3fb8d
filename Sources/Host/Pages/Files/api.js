// What the page asks of its host. Every failure is a `HostError` whose message can be shown.

export class HostError extends Error {
  constructor(message, { status = 0, code = null, retryAfter = 0 } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  // Nobody answered: the host is down or out of reach.
  get isUnreachable() {
    return this.status === 0;
  }

  get needsKey() {
    return this.status === 401;
  }
}

const KEY = "roost.key";

export const key = {
  get: () => localStorage.getItem(KEY) ?? "",
  set: (value) => (value ? localStorage.setItem(KEY, value) : localStorage.removeItem(KEY)),
};

// A body goes out as JSON unless `type` says what it is.
export async function request(method, path, { body, type, signal, keepalive } = {}) {
  const headers = {};
  if (body !== undefined) headers["content-type"] = type ?? "application/json";
  if (key.get()) headers.authorization = `Bearer ${key.get()}`;
  let response;
  try {
    response = await fetch(path, { method, headers, signal, keepalive, body: body === undefined || type ? body : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new HostError("The host does not answer.");
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function failure(response) {
  let detail = {};
  try {
    detail = (await response.json()).error ?? {};
  } catch {
    // A proxy in between answers in its own words.
  }
  return new HostError(sentence(detail.message) || `The host answered ${response.status}.`, {
    status: response.status,
    code: detail.code ?? null,
    retryAfter: Number(response.headers.get("retry-after")) || 0,
  });
}

export function sentence(text) {
  if (!text) return "";
  const capital = text[0].toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

export const json = async (...parameters) => (await request(...parameters)).json();
const path = (id) => `/v1/conversations/${encodeURIComponent(id)}`;

export const host = {
  models: async () => (await json("GET", "/v1/models")).data,
  // The admin key, for a token out of an address that `roost open` made.
  redeem: async (token) => key.set((await json("POST", "/admin/tokens/redeem", { body: { token } })).key),
  adminModels: async () => (await json("GET", "/admin/models")).data,
  isAlive: async () => {
    try {
      return (await fetch("/healthz", { cache: "no-store" })).ok;
    } catch {
      return false;
    }
  },
  conversations: async () => (await json("GET", "/v1/conversations")).data,
  conversation: (id) => json("GET", path(id)),
  change: (id, change) => json("PATCH", path(id), { body: change }),
  // Adds messages behind any others; it never conflicts.
  append: (id, change, keepalive = false) => json("POST", `${path(id)}/messages`, { body: change, keepalive }),
  remove: (id) => json("DELETE", path(id)),
  // Both stream: they call `onText` with each piece and return the reason of the end and the usage.
  chat: (body, signal, onText) => stream("/v1/chat/completions", body, signal, onText),
  complete: (body, signal, onText) => stream("/v1/completions", body, signal, onText),
};

async function stream(path, body, signal, onText) {
  const response = await request("POST", path, {
    body: { ...body, stream: true, stream_options: { include_usage: true } },
    signal,
  });
  const result = { reason: null, usage: null };
  // Thoughts come apart from the text; a message keeps them between marks before it.
  let thinks = false;
  const think = (text) => {
    if (text) onText((thinks ? "" : "<think>") + text);
    thinks = thinks || Boolean(text);
  };
  const answer = (text) => {
    if (text) onText((thinks ? "</think>\n\n" : "") + text);
    thinks = thinks && !text;
  };
  try {
    for await (const event of events(response.body)) {
      if (event.error) throw new HostError(sentence(event.error.message), { status: 500, code: event.error.code });
      if (event.usage) result.usage = event.usage;
      for (const choice of event.choices ?? []) {
        think(choice.delta?.reasoning_content);
        answer(choice.delta?.content ?? choice.text);
        if (choice.finish_reason) result.reason = choice.finish_reason;
      }
    }
  } catch (error) {
    if (error instanceof HostError || error.name === "AbortError") throw error;
    throw new HostError("The connection to the host was lost.");
  }
  if (!result.reason) throw new HostError("The connection to the host was lost.");
  return result;
}

// What the task routes stream: `name.delta` events with pieces of text for `onText`, then the whole answer, which is returned.
export async function told(path, name, body, signal, onText) {
  const response = await request("POST", path, { body: { ...body, stream: true }, signal });
  let whole = null;
  for await (const event of events(response.body)) {
    if (event.error) throw new HostError(sentence(event.error.message), { status: 500, code: event.error.code });
    if (event.object === `${name}.delta`) onText(event.text);
    if (event.object === name) whole = event;
  }
  if (!whole) throw new HostError("The connection to the host was lost.");
  return whole;
}

// The events of a server-sent stream, up to its end or to the `[DONE]` of OpenAI's routes.
export async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    while (true) {
      const { value, done } = await reader.read();
      if (done) return;
      buffer += value;
      const parts = buffer.split(/\r?\n\r?\n/);
      buffer = parts.pop();
      for (const part of parts) {
        const data = part.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n");
        if (data === "[DONE]") return;
        if (data) yield JSON.parse(data);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

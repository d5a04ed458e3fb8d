// A conversation: a tree of messages, of which one path is shown. Nothing that was said is lost by
// saying it differently: the other message follows the same one.

export class Conversation {
  constructor({ id = null, title = "", model = "", instructions = "", settings = null, messages = [] } = {}) {
    this.id = id;
    this.title = title;
    this.model = model;
    this.instructions = instructions;
    this.settings = settings ?? {};
    this.messages = messages; // none before the one that it follows
    this.last = messages.at(-1) ?? null; // of the path
  }

  add(role, content, parent = this.last) {
    const message = { id: newID(), parent: parent?.id ?? null, role, content, metadata: {} };
    this.messages.push(message);
    this.last = message;
    return message;
  }

  // From the first message to the last of the path.
  get path() {
    const byID = new Map(this.messages.map((message) => [message.id, message]));
    const path = [];
    for (let message = this.last; message; message = byID.get(message.parent)) path.unshift(message);
    return path;
  }

  parent(message) {
    return this.messages.find((other) => other.id === message.parent) ?? null;
  }

  // The messages that follow the same one, this among them.
  alternatives(message) {
    return this.messages.filter((other) => other.parent === message.parent && other.role === message.role);
  }

  // Makes the path go through a message, to the newest that came of it.
  choose(message) {
    const reached = new Set([message.id]);
    this.last = message;
    for (const other of this.messages) {
      if (!reached.has(other.parent)) continue;
      reached.add(other.id);
      this.last = other;
    }
  }

  // Of a message that nothing follows.
  remove(message) {
    this.messages = this.messages.filter((other) => other !== message);
    if (this.last === message) this.last = this.parent(message);
  }
}

// crypto.randomUUID is there in secure contexts only; a host in the local network is none.
export function newID() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

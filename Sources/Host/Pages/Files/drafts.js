// What was typed and not yet sent, for each conversation its own; kept in the browser.

const STORE = "roost.drafts";
const MOST = 100;

function read() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}

const name = (id) => id ?? "new";

export const get = (id) => read()[name(id)] ?? "";

export function set(id, text) {
  const { [name(id)]: _, ...others } = read();
  const kept = Object.entries(text ? { ...others, [name(id)]: text } : others).slice(-MOST);
  try {
    localStorage.setItem(STORE, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // The browser's store is full: this draft is lost with the page.
  }
}

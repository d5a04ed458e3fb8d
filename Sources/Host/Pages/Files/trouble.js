// What can go wrong between the page and its host, and the way on: a banner, a key, a wait.

import { element, find, icon, toast } from "./dom.js";
import { host, key } from "./api.js";

let load = () => {};

// `reload` fetches everything again once the host answers.
export function start(reload) {
  load = reload;
  find("key-cancel").addEventListener("click", () => find("key-dialog").close());
  find("key-dialog").addEventListener("close", keyGiven);
}

export const isShown = () => !find("banner").hidden;

// `isDescribed`: the page says elsewhere what happened.
export function report(error, isDescribed = false) {
  if (error.needsKey) return askForKey();
  if (error.isUnreachable) return waitForHost();
  if (isDescribed !== true) showBanner(error.message);
}

function showBanner(text, label = "Close", action = () => (find("banner").hidden = true)) {
  const banner = find("banner");
  banner.replaceChildren(icon("warn"), element("span", {}, text),
    element("button", { type: "button", class: "plain", onclick: action }, label));
  banner.hidden = false;
}

let waiting = null;

// Asks again, ever more slowly, until the host is back.
function waitForHost(delay = 1000) {
  clearTimeout(waiting);
  showBanner("The host does not answer. Waiting for it to come back.", "Try now", () => probe(1000));
  waiting = setTimeout(() => probe(Math.min(delay * 1.5, 10_000)), delay);
}

async function probe(delay) {
  clearTimeout(waiting);
  if (!(await host.isAlive())) return waitForHost(delay);
  find("banner").hidden = true;
  toast("The host is back.");
  load();
}

function askForKey() {
  const dialog = find("key-dialog");
  if (dialog.open) return;
  find("key").value = "";
  find("key-text").textContent = key.get()
    ? "The host does not know the key that this browser keeps. Ask whoever runs it for another."
    : "Ask whoever runs it for an API key. It is kept in this browser only.";
  dialog.returnValue = "";
  dialog.showModal();
  find("key").focus();
}

function keyGiven() {
  if (find("key-dialog").returnValue !== "ok") return showBanner("Without a key the host answers nothing.", "Enter a key", askForKey);
  key.set(find("key").value.trim());
  find("banner").hidden = true;
  load();
}

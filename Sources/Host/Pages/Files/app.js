// The page: its tabs, what the address asks for, and the way in.

import { find, toast } from "./dom.js";
import { host } from "./api.js";
import * as chat from "./chat.js";
import * as classify from "./classify.js";
import * as history from "./history.js";
import * as models from "./models.js";
import * as images from "./images.js";
import * as search from "./search.js";
import { startShell } from "./shell.js";
import * as tabs from "./tabs.js";
import * as trouble from "./trouble.js";

const shell = startShell({
  newChat: () => {
    chat.newChat();
    shell.closeSidebarOnPhone();
  },
});

// What the address asks for: a tab, and in the chat `#/c/ID` or nothing.
async function route() {
  tabs.show();
  shell.closeSidebarOnPhone();
  if (tabs.tab() === "search") return search.show();
  if (tabs.tab() === "classify") return classify.show();
  if (tabs.tab() === "images") return images.shown();
  await chat.showAddressed();
}

// `#token=…`: `roost open` hands over the admin key.
async function takeKey() {
  const token = /^#token=(\w+)$/.exec(location.hash)?.[1];
  if (!token) return;
  window.history.replaceState(null, "", location.pathname);
  try {
    await host.redeem(token);
    toast("This browser has the admin key now.");
  } catch (error) {
    trouble.report(error);
  }
}

async function load() {
  find("main").setAttribute("aria-busy", "true");
  try {
    await models.refresh();
    await chat.sendWaiting();
    await history.refresh();
    chat.showGreeting();
    if (!location.hash && !models.chosen()) goWhereSomethingCanBeDone();
    await route();
  } catch (error) {
    trouble.report(error);
  } finally {
    find("main").removeAttribute("aria-busy");
  }
}

// On a host without a model to chat with.
function goWhereSomethingCanBeDone() {
  if (models.able("embeddings").length) tabs.go("search");
  else if (models.able("image").length) tabs.go("images");
}

window.addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => {
  if (document.hidden || chat.isWriting() || trouble.isShown()) return;
  models.refresh().then(() => {
    if (tabs.tab() === "classify") classify.show();
    if (tabs.tab() === "images") images.shown();
  }).catch(trouble.report);
});

trouble.start(load);
models.start(chat.showGreeting);
search.start();
classify.start();
images.start();
tabs.show();
chat.start();
takeKey().then(load);
if (tabs.tab() === "chat") chat.focusDraft();

// The frame around the conversation: sidebar, theme, dialogs and shortcuts.

import { find, icon } from "./dom.js";

const root = document.documentElement;
const phone = matchMedia("(max-width: 760px)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function startShell({ newChat }) {
  startTheme();
  startSidebar();
  startDialogs();
  for (const id of ["new-chat", "new-chat-small"]) find(id).addEventListener("click", newChat);
  find("new-chat-keys").textContent = isMac ? "⌘K" : "Ctrl K";
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      newChat();
    }
  });
  return { closeSidebarOnPhone: () => phone.matches && setSidebar(false) };
}

function startTheme() {
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const show = () => find("theme").replaceChildren(icon(isDark() ? "sun" : "moon"));
  find("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    localStorage.setItem("roost.theme", root.dataset.theme);
    show();
  });
  dark.addEventListener("change", show);
  show();
}

// On a phone the sidebar lies over the conversation; elsewhere it stands beside it and its state is
// remembered.
function setSidebar(isOpen) {
  if (phone.matches) {
    document.body.classList.toggle("sidebar-over", isOpen);
    find("sidebar").inert = !isOpen;
    if (isOpen) find("close-sidebar").focus();
    return;
  }
  find("sidebar").inert = !isOpen;
  root.dataset.sidebar = isOpen ? "open" : "closed";
  localStorage.setItem("roost.sidebar", root.dataset.sidebar);
}

function startSidebar() {
  const settle = () => {
    document.body.classList.remove("sidebar-over");
    find("sidebar").inert = phone.matches || root.dataset.sidebar === "closed";
  };
  find("open-sidebar").addEventListener("click", () => setSidebar(true));
  find("close-sidebar").addEventListener("click", () => setSidebar(false));
  find("scrim").addEventListener("click", () => setSidebar(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("sidebar-over")) setSidebar(false);
  });
  phone.addEventListener("change", settle);
  settle();
}

// A click beside a dialog closes it.
function startDialogs() {
  for (const dialog of document.querySelectorAll("dialog.drawer, dialog.modal")) {
    dialog.addEventListener("pointerdown", (event) => {
      if (event.target !== dialog) return;
      const box = dialog.getBoundingClientRect();
      const isInside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!isInside) dialog.close();
    });
  }
}

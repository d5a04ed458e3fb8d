// Building elements. Text goes in as text: no string ever becomes markup.

const PATHS = {
  sidebar: "M4 5.5h16v13H4zM9.5 5.5v13",
  pencil: "M12.5 5H6a1.5 1.5 0 0 0-1.5 1.5v11A1.5 1.5 0 0 0 6 19h11a1.5 1.5 0 0 0 1.5-1.5V11M18.4 3.9a1.7 1.7 0 0 1 2.4 2.4L13 14l-3.2.8.8-3.2z",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20",
  chip: "M7 7h10v10H7zM10 3.5V7M14 3.5V7M10 17v3.5M14 17v3.5M3.5 10H7M3.5 14H7M17 10h3.5M17 14h3.5",
  chevron: "m7 10 5 5 5-5",
  left: "m14 7-5 5 5 5",
  right: "m10 7 5 5-5 5",
  sliders: "M4 8h8M17 8h3M14.5 8m-2.2 0a2.2 2.2 0 1 0 4.4 0 2.2 2.2 0 1 0-4.4 0M4 16h3M12 16h8M9.5 16m-2.2 0a2.2 2.2 0 1 0 4.4 0 2.2 2.2 0 1 0-4.4 0",
  close: "m6 6 12 12M18 6 6 18",
  down: "M12 5v14M6 13l6 6 6-6",
  send: "M12 19V5M6 11l6-6 6 6",
  stop: "M7.5 7.5h9v9h-9z",
  copy: "M9 9h10.5v10.5H9zM6 15H4.5V4.5H15V6",
  check: "m5 12.5 4.5 4.5L19 7.5",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 3.5v4.2h-4.2",
  edit: "M4.5 19.5l.9-4L16 4.9a2 2 0 0 1 2.9 0l.2.2a2 2 0 0 1 0 2.9L8.5 18.6z",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v5.5M13.5 10.5v5.5",
  dots: "M6 12h.01M12 12h.01M18 12h.01",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2.5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3 7 7M17 17l1.7 1.7M5.3 18.7 7 17M17 7l1.7-1.7",
  moon: "M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z",
  chat: "M5 5.5h14a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-7L7.5 20v-3.5H5A1.5 1.5 0 0 1 3.5 15V7A1.5 1.5 0 0 1 5 5.5z",
  tag: "M4 4.5h7.6l8 8a1.6 1.6 0 0 1 0 2.3l-5.1 5.1a1.6 1.6 0 0 1-2.3 0L4 11.8zM8.2 8.7h.01",
  image: "M4.5 5.5h15v13h-15zM4.8 16l4.4-4.4 3.4 3.4 2.6-2.6 4 4M15.5 9.3h.01",
  plus: "M12 5v14M5 12h14",
  filter: "M4 6h16M7.5 12h9M10.5 18h3",
  upload: "M12 15.5V5M7.5 9.2 12 4.7l4.5 4.5M5 15v3.5h14V15",
  download: "M12 4.5V15M7.5 10.7 12 15.2l4.5-4.5M5 16v3h14v-3",
  rows: "M5 6h14M5 12h14M5 18h14",
  quote: "M10 7.5H5.5V13H9v3.5H6.5M18.5 7.5H14V13h3.5v3.5H15",
  warn: "M12 4.5 21 19.5H3zM12 10v4.5M12 17h.01",
};

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

// element("button", { class: "x", onclick: f, "aria-label": "…" }, "text", child, …)
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function button(iconName, label, action, className = "icon-button small") {
  return element("button", { type: "button", class: className, "aria-label": label, title: label, onclick: action }, icon(iconName));
}

export const find = (id) => document.getElementById(id);

export function announce(text) {
  find("announcer").textContent = text;
}

let toastTimer;
export function toast(text) {
  const node = find("toast");
  node.textContent = text;
  node.classList.add("shown");
  announce(text);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => node.classList.remove("shown"), 2200);
}

// The clipboard is there in secure contexts only; a host in the local network is none.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea", { class: "hidden", value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

export function copyButton(text, label = "Copy") {
  const node = button("copy", label, async () => {
    await copy(text());
    node.replaceChildren(icon("check"));
    announce("Copied");
    setTimeout(() => node.replaceChildren(icon("copy")), 1500);
  });
  return node;
}

// Asks in a dialog; answers whether the person agreed.
export function confirm(title, text, verb) {
  const dialog = find("confirm");
  find("confirm-title").textContent = title;
  find("confirm-text").textContent = text;
  find("confirm-ok").textContent = verb;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true });
  });
}

for (const node of document.querySelectorAll("[data-icon]")) node.prepend(icon(node.dataset.icon));

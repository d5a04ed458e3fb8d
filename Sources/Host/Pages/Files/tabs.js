// The tabs. Which one is shown is the first word of the address after `#/`.

const NAMES = ["search", "classify", "images"];

export const tab = () => NAMES.find((name) => new RegExp(`^#/${name}\\b`).test(location.hash)) ?? "chat";

// What follows the tab in the address: the name of a collection.
export const detail = () => decodeURIComponent(/^#\/\w+\/([^/]+)$/.exec(location.hash)?.[1] ?? "");

export function show() {
  const current = tab();
  document.body.dataset.tab = current;
  for (const node of document.querySelectorAll("[data-part]")) node.classList.toggle("elsewhere", node.dataset.part !== current);
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.dataset.tab === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

// Opens the tab in the place of what is shown, without a step to go back to.
export function go(name) {
  history.replaceState(null, "", `#/${name}`);
}

// Where a click on the tab leads: to what was open in it.
export function remember(name, hash) {
  document.querySelector(`.tabs a[data-tab="${name}"]`).href = hash;
}

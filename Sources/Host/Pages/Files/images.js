// The images tab: what is asked for, and the images of this session.

import { announce, element, find } from "./dom.js";
import { ImageView } from "./imageview.js";
import { grow } from "./message.js";
import * as models from "./models.js";
import { generate } from "./generation.js";
import * as tabs from "./tabs.js";
import * as trouble from "./trouble.js";

const CHOSEN = "roost.image-model";
const PREVIEWS = 8;
const TRIES = ["four little yellow houses on a light blue background", "a purple star over a red boat on the sea", "a big green tree on a beige background"];
const SHAPES = [["Square", 1, 1], ["Wide", 3, 2], ["Tall", 2, 3]];

const prompt = element("textarea", { id: "image-prompt", rows: 2, placeholder: "What should the image show?", "aria-label": "What the image is to show", enterkeyhint: "go", oninput: () => changed() });
const make = element("button", { type: "submit", class: "primary", id: "make-image", disabled: true }, "Make the image");
const size = element("select", { id: "image-size" });
const scheduler = element("select", { id: "image-scheduler" });
const numbers = {
  steps: number("steps", { min: 1, max: 1000, step: 1, inputmode: "numeric" }),
  guidance_scale: number("guidance", { min: 0, max: 100, step: 0.5, inputmode: "decimal" }),
  seed: number("seed", { min: 0, step: 1, inputmode: "numeric", placeholder: "a new one each time" }),
};
const negative = element("input", { id: "image-negative", type: "text", autocomplete: "off", placeholder: "nothing" });
const tries = element("div", { class: "tries" }, ...TRIES.map((text) => element("button", { type: "button", class: "chip", onclick: () => begin(text) }, text)));
const missing = element("div", { class: "welcome", hidden: true },
  element("h1", {}, "Images from words"),
  element("p", {}, "No model that makes images is loaded. Add one to plugins.toml, and it draws here what you describe."));

let images = []; // the newest first
let making = null; // { controller } while an image is made
const view = new ImageView(element("div", { id: "image-view", class: "image-view-place" }), { stop, again });

const model = () => models.named(find("image-model").value);
const known = () => model()?.meta?.image ?? {};

function number(name, attributes) {
  return element("input", { id: `image-${name}`, type: "number", ...attributes });
}

// MARK: - What is asked for

function request(text) {
  const given = Object.fromEntries(Object.entries(numbers)
    .filter(([, field]) => field.value !== "" && field.validity.valid).map(([name, field]) => [name, Number(field.value)]));
  const steps = given.steps ?? known().steps ?? PREVIEWS;
  return {
    prompt: text, model: model()?.id, ...given, size: size.value || undefined, scheduler: scheduler.value || undefined,
    negative_prompt: negative.value.trim() || undefined, partial_images: known().previews ? Math.min(PREVIEWS, steps - 1) : 0,
  };
}

// Sizes with about as many points as the model's own, in steps that it can make.
function sizes() {
  const { width, height, multiple_of: multiple = 1, longest_side: most = 2048 } = known();
  if (!width) return [];
  const side = Math.sqrt(width * height);
  const fit = (length) => Math.min(most, Math.max(multiple, Math.round(length / multiple) * multiple));
  const all = SHAPES.map(([name, x, y]) => [name, `${fit(side * Math.sqrt(x / y))}x${fit(side * Math.sqrt(y / x))}`]);
  all.push(["Small", `${fit(width / 2)}x${fit(height / 2)}`], ["Large", `${fit(width * 1.5)}x${fit(height * 1.5)}`]);
  const own = `${width}x${height}`;
  return all.filter(([, value], at) => value !== own && all.findIndex(([, other]) => other === value) === at);
}

function offer() {
  const { width, height, steps, guidance, schedulers = [], scheduler: own } = known();
  const option = (value, text) => element("option", { value }, text);
  size.replaceChildren(option("", width ? `The model's own, ${width} × ${height}` : "The model's own"),
    ...sizes().map(([name, value]) => option(value, `${name}, ${value.replace("x", " × ")}`)));
  scheduler.replaceChildren(option("", own ?? "The model's own"), ...schedulers.filter((name) => name !== own).map((name) => option(name, name)));
  scheduler.closest(".field").hidden = schedulers.length < 2;
  numbers.steps.placeholder = steps ?? "";
  numbers.guidance_scale.placeholder = guidance ?? "";
  find("image-facts").textContent = [width && `${width} × ${height}`, steps && `${steps} steps`].filter(Boolean).join(" · ");
  changed();
}

function changed() {
  grow(prompt);
  make.disabled = !prompt.value.trim() || making !== null || !model();
}

// MARK: - Making

function begin(text) {
  prompt.value = text;
  submit();
}

function again(image) {
  prompt.value = image.prompt;
  numbers.seed.value = "";
  submit();
}

function stop() {
  making?.controller.abort();
}

async function submit() {
  const text = prompt.value.trim();
  if (!text || making || !model()) return;
  const mine = { controller: new AbortController() };
  making = mine;
  const asked = request(text);
  changed();
  tries.hidden = true;
  view.begin(text, asked.size?.split("x") ?? (known().width && [known().width, known().height]));
  view.node.scrollIntoView({ block: "nearest" });
  announce("Making the image");
  const start = performance.now();
  try {
    const made = await generate(asked, mine.controller.signal, {
      onStep: (...how) => view.step(...how),
      onPreview: (source) => view.preview(source),
    });
    finish({ ...made, prompt: text, seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    fail(error);
  } finally {
    making = null;
    changed();
  }
}

function finish(image) {
  images.unshift(image);
  show(image);
  announce(`The image is done: ${image.prompt}`);
  if (model()?.state !== "ready") models.refresh().then(refresh).catch(trouble.report);
}

function fail(error) {
  if (error.name === "AbortError") {
    if (images.length) show(images[0]);
    else view.clear();
    tries.hidden = images.length > 0;
    return announce("Stopped");
  }
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
  view.fail(`${error.message}${wait}`);
  trouble.report(error, true);
}

// MARK: - Showing

function show(image) {
  view.show(image);
  gallery(image);
}

function gallery(current) {
  const items = images.map((image) => element("li", { class: image === current ? "entry current" : "entry" },
    element("button", { type: "button", class: "entry-link thumb", "aria-current": image === current ? "true" : null, onclick: () => making ?? show(image) },
      element("img", { src: image.source, alt: "" }), element("span", {}, image.prompt))));
  find("gallery").replaceChildren(...(items.length
    ? [element("section", {}, element("h2", {}, "This session"), element("ul", {}, ...items))]
    : [element("p", { class: "nothing" }, "Your images will be here until you leave the page.")]));
}

function refresh() {
  const able = models.able("image");
  const picker = find("image-model");
  const wanted = picker.value || localStorage.getItem(CHOSEN);
  picker.replaceChildren(...able.map(({ id }) => element("option", { value: id, selected: id === wanted }, id)));
  if (!able.length) picker.append(element("option", { value: "" }, "No model"));
  picker.disabled = able.length === 0;
  missing.hidden = able.length > 0;
  find("image-area").hidden = able.length === 0;
  // What is chosen stays chosen while the model does.
  if (picker.dataset.offered !== JSON.stringify(known())) offer();
  picker.dataset.offered = JSON.stringify(known());
}

export function shown() {
  refresh();
  if (matchMedia("(hover: hover)").matches) prompt.focus({ preventScroll: true });
}

export function start() {
  const field = (label, control) => element("div", { class: "field" }, element("label", { for: control.id }, label), control);
  const form = element("form", { class: "text-box", id: "image-form" }, prompt, element("div", { class: "form-foot" },
    element("details", { id: "image-more" }, element("summary", {}, "Size, steps, seed"), element("div", { class: "fields" },
      field("Size", size), field("Steps", numbers.steps), field("How closely it follows the words", numbers.guidance_scale),
      field("Seed", numbers.seed), field("Keep out of it", negative), field("Scheduler", scheduler))), make));
  find("images-column").replaceChildren(missing, element("div", { id: "image-area" }, form, tries, view.node));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && tabs.tab() === "images" && !document.querySelector("dialog[open]")) stop();
  });
  find("image-model").addEventListener("change", () => {
    localStorage.setItem(CHOSEN, find("image-model").value);
    refresh();
  });
  gallery(null);
}

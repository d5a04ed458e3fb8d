// The image that is shown: growing sharper while it is made, then with what it was made from.

import { button, copyButton, element, icon } from "./dom.js";
import { save } from "./generation.js";

const BLUR = 14; // pixels, before the first step

export class ImageView {
  // `actions`: stop(), again(image)
  constructor(node, actions) {
    this.node = node;
    this.actions = actions;
  }

  clear() {
    this.node.replaceChildren();
  }

  // An image begins. `size`: [width, height] in pixels, where they are known.
  begin(prompt, size) {
    this.image = element("img", { class: "canvas", alt: `Being made: ${prompt}`, hidden: true });
    this.blank = element("div", { class: "canvas blank" }, icon("image"));
    for (const node of [this.image, this.blank]) shape(node, size);
    this.bar = element("progress", { "aria-label": "Progress" });
    this.text = element("span", { class: "facts" }, "Waiting for its turn…");
    const stop = element("button", { type: "button", class: "plain", id: "stop-image", title: "Stop (Esc)", onclick: this.actions.stop }, "Stop");
    this.node.replaceChildren(element("figure", { class: "image-view making", "aria-busy": "true" },
      this.blank, this.image, element("figcaption", {}, this.bar, element("div", { class: "image-view-foot" }, this.text, stop))));
  }

  step(step, steps) {
    this.text.textContent = steps ? `Step ${step} of ${steps}` : `Step ${step}`;
    if (!steps) return;
    this.bar.max = steps;
    this.bar.value = step;
    this.image.style.setProperty("--blur", `${(BLUR * (1 - step / steps)).toFixed(1)}px`);
  }

  preview(source) {
    this.image.src = source;
    this.image.hidden = false;
    this.blank.hidden = true;
  }

  // `image`: { source, prompt, seed, size, model, seconds }
  show(image) {
    const { source, prompt, seed, size, seconds, model } = image;
    const shown = element("img", { class: "canvas", alt: prompt, src: source });
    shape(shown, size.split("x"));
    const facts = [size.replace("x", " × "), model, seconds && `${seconds.toFixed(1)} s`].filter(Boolean).join(" · ");
    this.node.replaceChildren(element("figure", { class: "image-view" }, shown, element("figcaption", {},
      element("p", { class: "image-view-prompt" }, prompt),
      element("div", { class: "image-view-foot" }, element("span", { class: "facts" }, `${facts} · seed ${seed}`, copyButton(() => String(seed), "Copy the seed")),
        element("span", { class: "image-view-actions" },
          element("button", { type: "button", class: "plain", id: "another", onclick: () => this.actions.again(image) }, "Another"),
          button("download", "Download", () => save(image)))))));
  }

  fail(message) {
    this.node.replaceChildren(element("p", { class: "advice", role: "alert" }, message));
  }
}

// Its room is there before the image is, so that nothing moves when it comes.
function shape(node, size) {
  const [width, height] = size ?? [1, 1];
  node.style.setProperty("--ratio", `${width} / ${height}`);
  node.style.setProperty("--share", width / height);
}

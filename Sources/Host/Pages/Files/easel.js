// The picture that is shown: growing sharper while it is made, then with what it was made from.

import { button, copyButton, element, icon } from "./dom.js";
import { save } from "./painting.js";

const BLUR = 14; // pixels, before the first step

export class Easel {
  // `actions`: stop(), again(picture)
  constructor(node, actions) {
    this.node = node;
    this.actions = actions;
  }

  clear() {
    this.node.replaceChildren();
  }

  // A picture begins. `size`: [width, height] in pixels, where they are known.
  begin(prompt, size) {
    this.image = element("img", { class: "canvas", alt: `Being made: ${prompt}`, hidden: true });
    this.blank = element("div", { class: "canvas blank" }, icon("picture"));
    for (const node of [this.image, this.blank]) shape(node, size);
    this.bar = element("progress", { "aria-label": "Progress" });
    this.text = element("span", { class: "facts" }, "Waiting for its turn…");
    const stop = element("button", { type: "button", class: "plain", id: "stop-picture", title: "Stop (Esc)", onclick: this.actions.stop }, "Stop");
    this.node.replaceChildren(element("figure", { class: "easel making", "aria-busy": "true" },
      this.blank, this.image, element("figcaption", {}, this.bar, element("div", { class: "easel-foot" }, this.text, stop))));
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

  // `picture`: { source, prompt, seed, size, model, seconds }
  show(picture) {
    const { source, prompt, seed, size, seconds, model } = picture;
    const image = element("img", { class: "canvas", alt: prompt, src: source });
    shape(image, size.split("x"));
    const facts = [size.replace("x", " × "), model, seconds && `${seconds.toFixed(1)} s`].filter(Boolean).join(" · ");
    this.node.replaceChildren(element("figure", { class: "easel" }, image, element("figcaption", {},
      element("p", { class: "easel-prompt" }, prompt),
      element("div", { class: "easel-foot" }, element("span", { class: "facts" }, `${facts} · seed ${seed}`, copyButton(() => String(seed), "Copy the seed")),
        element("span", { class: "easel-actions" },
          element("button", { type: "button", class: "plain", id: "another", onclick: () => this.actions.again(picture) }, "Another"),
          button("download", "Download", () => save(picture)))))));
  }

  fail(message) {
    this.node.replaceChildren(element("p", { class: "advice", role: "alert" }, message));
  }
}

// Its room is there before the picture is, so that nothing moves when it comes.
function shape(node, size) {
  const [width, height] = size ?? [1, 1];
  node.style.setProperty("--ratio", `${width} / ${height}`);
  node.style.setProperty("--share", width / height);
}

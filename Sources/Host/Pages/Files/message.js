// One message on the screen.

import { blocks, render } from "./markdown.js";
import { button, copyButton, element, icon } from "./dom.js";

const THINKING = /^\s*<think>([\s\S]*?)(?:<\/think>\s*|$)/;

// A rendered text that grows: blocks that stayed the same keep their elements, so that a selection
// survives and a long answer costs no more per token than a short one.
export class Prose {
  constructor() {
    this.node = element("div", { class: "prose" });
    this.keys = [];
  }

  show(text) {
    const found = blocks(text);
    let same = 0;
    while (same < found.length && this.keys[same] === found[same].key) same += 1;
    while (this.node.children.length > same) this.node.lastElementChild.remove();
    this.node.append(...found.slice(same).map(render));
    this.keys = found.map((block) => block.key);
  }
}

export class MessageView {
  // `actions`: retry(view), edit(view, text), choose(message), alternatives(message): { index, messages }
  constructor(message, actions) {
    this.message = message;
    this.actions = actions;
    this.foot = element("div", { class: "message-foot" });
    this.node = element("article", { class: `message ${message.role}`, "aria-label": message.role === "user" ? "You" : "Answer" });
    if (message.role === "user") this.showUser();
    else this.showAnswer();
  }

  showUser() {
    const text = element("div", { class: "bubble" }, this.message.content);
    this.showFoot(
      button("edit", "Edit the message", () => this.edit()),
      copyButton(() => this.message.content, "Copy the message"));
    this.node.replaceChildren(text, this.foot);
  }

  showFoot(...buttons) {
    this.foot.replaceChildren(...[this.switcher(), ...buttons].filter((node) => node !== null));
  }

  // ‹ 2/3 › between a message and the others in its place; null for the only one.
  switcher() {
    const { index, messages } = this.actions.alternatives(this.message);
    if (messages.length < 2) return null;
    const step = (iconName, label, to) => {
      const node = button(iconName, label, () => this.actions.choose(messages[to]));
      node.disabled = !messages[to];
      return node;
    };
    return element("span", { class: "alternatives" },
      step("left", "The one before", index - 1),
      element("span", {}, `${index + 1}/${messages.length}`),
      step("right", "The one after", index + 1));
  }

  showAnswer() {
    this.thought = null;
    this.prose = new Prose();
    this.node.replaceChildren(this.prose.node, this.foot);
    this.update();
    this.finish();
  }

  // Shows the message's content as it is now.
  update() {
    const thinking = THINKING.exec(this.message.content);
    if (thinking) this.think(thinking[1].trim(), this.message.content.includes("</think>"));
    this.prose.show(thinking ? this.message.content.slice(thinking[0].length) : this.message.content);
  }

  think(text, isOver) {
    if (!this.thought) {
      this.thought = { prose: new Prose(), title: element("summary") };
      this.node.prepend(element("details", { class: "thought", open: !isOver }, this.thought.title, this.thought.prose.node));
    }
    const label = isOver ? "Thoughts" : "Thinking…";
    if (isOver && this.thought.title.textContent === "Thinking…") this.thought.title.parentElement.open = false;
    this.thought.title.textContent = label;
    this.thought.prose.show(text);
  }

  begin() {
    this.node.classList.add("writing");
    this.node.setAttribute("aria-busy", "true");
    this.foot.replaceChildren();
  }

  // The buttons below a finished answer, who wrote it and what it cost.
  finish() {
    this.node.classList.remove("writing");
    this.node.removeAttribute("aria-busy");
    const { model, facts } = this.message.metadata ?? {};
    this.showFoot(
      copyButton(() => this.message.content, "Copy the answer"),
      button("retry", "Answer again", () => this.actions.retry(this)),
      element("span", { class: "facts" }, [model, facts].filter((part) => part).join(" · ")));
  }

  fail(error) {
    this.finish();
    const box = element("div", { class: "failure", role: "alert" }, icon("warn"), element("p", {}, error.message),
      element("button", { type: "button", class: "plain", onclick: () => this.actions.retry(this) }, "Try again"));
    this.node.insertBefore(box, this.foot);
    if (!this.message.content) this.foot.replaceChildren();
  }

  edit() {
    const area = element("textarea", { class: "edit-area", value: this.message.content, "aria-label": "Edit the message" });
    const save = () => {
      const text = area.value.trim();
      if (text) this.actions.edit(this, text);
    };
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        this.showUser();
      }
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        save();
      }
    });
    this.node.replaceChildren(element("div", { class: "edit" }, area,
      element("div", { class: "edit-buttons" },
        element("button", { type: "button", class: "plain", onclick: () => this.showUser() }, "Cancel"),
        element("button", { type: "button", class: "primary", onclick: save }, "Send"))));
    area.addEventListener("input", () => grow(area));
    grow(area);
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  }
}

// Makes a text field as high as its text.
export function grow(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

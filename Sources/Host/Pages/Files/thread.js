// The conversation on the screen, and where it is scrolled to.

import { MessageView } from "./message.js";
import { find } from "./dom.js";

export class Thread {
  constructor(actions) {
    this.actions = actions;
    this.views = [];
    this.node = find("thread");
    this.scroller = find("scroller");
    this.sticks = true;
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    find("to-end").addEventListener("click", () => this.toEnd("smooth"));
    new ResizeObserver(() => this.follow()).observe(this.node);
  }

  // Shows these messages; views of those that stay where they are stay too.
  show(messages) {
    const visible = messages.filter((message) => message.role !== "system");
    let same = 0;
    while (same < visible.length && this.views[same]?.message === visible[same]) same += 1;
    for (const other of this.views.splice(same)) other.node.remove();
    for (const message of visible.slice(same)) {
      const view = new MessageView(message, this.actions);
      this.views.push(view);
      this.node.append(view.node);
    }
    this.toEnd();
  }

  view(message) {
    return this.views.find((view) => view.message === message);
  }

  get isEmpty() {
    return this.views.length === 0;
  }

  scrolled() {
    const rest = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight;
    this.sticks = rest < 60;
    find("to-end").hidden = this.sticks;
  }

  // Stays at the end while an answer grows, unless the reader scrolled away from it.
  follow() {
    if (this.sticks) this.scroller.scrollTop = this.scroller.scrollHeight;
    else find("to-end").hidden = false;
  }

  toEnd(behavior = "instant") {
    this.sticks = true;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior });
    find("to-end").hidden = true;
  }
}

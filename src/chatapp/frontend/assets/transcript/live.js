// An answer in the making: its HTML comes in pieces, from our own renderer, beside Streamlit's websocket.
import { clickInWords, wrap } from "./code.js";

const RETRY_MS = 1000;
const MOST_LEFT = 8;
const views = new WeakMap();
const left = new Map(); // views of answers that were looked away from, by their names

const element = (tag, className) => Object.assign(document.createElement(tag), { className });

const ADJUSTABLE = "details, figure, pre, table, math";

// Draw a block anew with what its reader has done to it: what is unfolded, wrapped or scrolled sideways stays so.
const redraw = (block, html) => {
  const before = Array.from(block.querySelectorAll(ADJUSTABLE));
  const adjusted = before.map(({ tagName, open, scrollLeft, classList }) => (
    { tagName, open, scrollLeft, isWrapped: classList.contains("wrapped") }
  ));
  block.innerHTML = html;
  if (!before.length) return;
  block.querySelectorAll(ADJUSTABLE).forEach((now, place) => {
    const was = adjusted[place];
    if (was?.tagName !== now.tagName) return;
    if (was.open) now.open = true;
    if (was.isWrapped) wrap(now);
    if (was.scrollLeft) now.scrollLeft = was.scrollLeft;
  });
};

const IN_BLOCKS = "p, ul, ol, li, blockquote, figure.code, figure.code > pre, pre > code";

// Mark what the next word comes behind: the last item of a list, or the last line of code.
const markEnd = (block) => {
  let end = block.lastElementChild;
  while (end?.lastElementChild?.matches(IN_BLOCKS)) end = end.lastElementChild;
  end?.classList.add("end");
};

// A text in blocks; only the one that grows is drawn again. What stood there stays until it is told anew.
class Words {
  constructor(place) {
    this.place = place;
    this.html = [];
  }

  grow(pieces) {
    for (const [block, kept, html] of pieces) {
      if (block < 0) {
        this.html = [];
        this.place.replaceChildren();
        continue;
      }
      this.html[block] = (this.html[block] ?? "").slice(0, kept) + html;
      this.place.children[block] ?? this.place.append(element("div", "block"));
      redraw(this.place.children[block], this.html[block]);
      markEnd(this.place.children[block]);
    }
  }
}

class LiveView {
  constructor(parent, before) {
    this.began = before?.began ?? performance.now();
    this.hasSpoken = before?.hasSpoken;
    this.root = element("div", "live");
    this.thoughts = before?.thoughts ?? this.unsaidThoughts();
    this.said = before?.said ?? element("div", "said");
    this.pulse = element("p", "note pulse");
    this.notices = element("div", "");
    if (this.thoughts.parentNode) this.root.append(this.thoughts);
    this.root.append(this.said, this.notices, this.pulse);
    this.root.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button) clickInWords(button, () => {});
    });
    parent.append(this.root);
    this.ticking = setInterval(() => this.tick(), 1000);
  }

  unsaidThoughts() {
    const thoughts = Object.assign(element("details", "thoughts"), { open: true });
    thoughts.append(Object.assign(element("summary", ""), { textContent: t("Thinking") }), element("div", "said"));
    return thoughts;
  }

  take(data) {
    const isFirst = !this.data;
    this.data = data;
    this.tick();
    if (isFirst) this.follow();
  }

  tick() {
    const seconds = Math.floor((performance.now() - this.began) / 1000);
    if (this.ended !== undefined) this.pulse.textContent = this.ended;
    else if (this.data.is_stopping) this.pulse.textContent = t("Stopping …");
    else if (this.hasSpoken) this.pulse.textContent = t("Answering … {seconds} s", { seconds });
    else this.pulse.textContent = t("Waiting for the first word … {seconds} s", { seconds });
  }

  async follow() {
    this.ending = new AbortController();
    const { token, name } = this.data;
    while (this.root.isConnected && !this.isOver) {
      this.words = { text: new Words(this.said), thoughts: new Words(this.thoughts.lastChild) };
      try {
        const headers = { "X-Transcript": token, Accept: "text/event-stream" };
        const told = { headers, signal: this.ending.signal };
        const response = await fetch(`./app/live?name=${encodeURIComponent(name)}`, told);
        if (response.ok) await this.read(response.body.getReader());
      } catch {}
      if (!this.isOver) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async read(reader) {
    const decoder = new TextDecoder();
    this.notices.replaceChildren();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const events = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = events.pop();
      for (const event of events) this.show(JSON.parse(event.slice("data: ".length)));
    }
    this.isOver = true;
  }

  show(news) {
    if (news.elapsed_s !== undefined) this.began = performance.now() - news.elapsed_s * 1000;
    if (news.thoughts) {
      if (!this.thoughts.isConnected) this.root.prepend(this.thoughts);
      this.words.thoughts.grow(news.thoughts);
    }
    if (news.text) {
      if (!this.said.hasChildNodes()) this.thoughts.open = false; // who wants to read on opens it again
      this.words.text.grow(news.text);
    }
    if (news.thought_s !== undefined) {
      this.thoughts.firstChild.textContent = t("Thought for {seconds} s", { seconds: news.thought_s });
    }
    if (news.ended !== undefined) {
      this.ended = news.ended;
      this.root.classList.add("ended");
      this.tick();
    }
    for (const text of news.notices ?? []) {
      this.notices.append(Object.assign(element("p", "note"), { textContent: text }));
    }
    if (!this.hasSpoken && (news.text || news.thoughts)) {
      this.hasSpoken = true;
      this.tick();
    }
  }

  end() {
    this.isOver = true;
    this.ending?.abort();
    clearInterval(this.ticking);
    left.set(this.data.name, this);
    if (left.size > MOST_LEFT) left.delete(left.keys().next().value);
  }
}

export default ({ data, parentElement }) => {
  let view = views.get(parentElement);
  if (view && view.data.name !== data.name) {
    view.end();
    view.root.remove();
    view = undefined;
  }
  const before = left.get(data.name);
  left.delete(data.name);
  view ??= new LiveView(parentElement, before?.data.token === data.token ? before : undefined);
  views.set(parentElement, view);
  view.take(data);
  return () => setTimeout(() => view.root.isConnected || view.end());
};

// The rows of the list of conversations. Python tells what stands in them; what they show is text and never HTML.
// Their classes are those that Streamlit gives to what is drawn with a key: style.css and the keyboard go by them.
import { menu } from "./menu.js";

const NEAR = "300px 0px"; // what is so near to the end of the list wants more
const ASK_AGAIN_MS = 2000;
const FORESEEN_MS = 3000; // after which what was clicked has not been done
const OF_ROW = /^st-key-(open|menu|choose)-/;
const ROWS = "[class*='st-key-open-'], [class*='st-key-choose-']";
const MOVES = ["Archive", "Back to the list"];

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const icon = (name) => make("i", { className: "icon", textContent: name, ariaHidden: "true" });

// The browser knows how its reader writes times; the page has the figures that its texts have.
const clock = (language) => {
  const own = navigator.languages.find((it) => it.split("-")[0] === language) ?? language;
  return new Intl.DateTimeFormat(new Intl.Locale(own, { numberingSystem: "latn" }), { dateStyle: "medium", timeStyle: "short" });
};

class Rows {
  constructor(parent) {
    this.root = make("div", { className: "rows" });
    this.drawn = new Map();
    this.lines = [];
    this.number = 0;
    this.foreseen = new Map(); // by id, what a click will have changed of a row; null where it leaves the list
    this.observer = new IntersectionObserver((seen) => seen.some((it) => it.isIntersecting) && this.more(), { rootMargin: NEAR });
    parent.append(this.root);
    this.shown = ({ detail }) => this.mark(detail);
    document.addEventListener("chatapp:shown", this.shown);
  }

  end() {
    this.observer.disconnect();
    document.removeEventListener("chatapp:shown", this.shown);
    menu.close();
  }

  // What is told leads on from what is shown; where it does not, a message was left out.
  take(data) {
    if (data.language !== this.data?.language) this.clock = clock(data.language);
    if (data.number !== this.number) {
      if (data.base && data.base !== this.number) return this.askForAll(data.number);
      const before = data.base ? this.lines : [];
      this.lines = [...before.slice(0, data.head), ...data.lines, ...before.slice(before.length - data.tail)];
      this.number = data.number;
    }
    if (data.common) this.common = data.common;
    this.data = data;
    this.foreseen.clear();
    this.draw();
  }

  // Show at once what a click will have done; where it fails, the page says why.
  foresee(id, change) {
    this.foreseen.set(id, change);
    this.draw();
    setTimeout(() => {
      if (this.foreseen.get(id) !== change || !this.foreseen.delete(id)) return;
      this.draw();
    }, FORESEEN_MS);
  }

  // The conversation on show asks for the next one, where there is one on show: the list stays as it is but for its mark.
  open(id) {
    if (document.dispatchEvent(new CustomEvent("chatapp:open", { detail: id, cancelable: true }))) this.act({ do: "open", id });
    else this.mark(id);
  }

  mark(id) {
    if (!this.data || this.data.current === id) return;
    this.data = { ...this.data, current: id };
    this.draw();
  }

  // Once for each time it is told, as asking draws again; once more after a while, as another click may take its place.
  askForAll(number) {
    if (this.asked === number && Date.now() - this.askedAt < ASK_AGAIN_MS) return;
    this.asked = number;
    this.askedAt = Date.now();
    this.act({ do: "all" });
  }

  draw() {
    const { data } = this;
    const focused = this.focused();
    const entry = menu.element.parentElement === this.root && document.activeElement;
    const before = this.drawn;
    this.drawn = new Map();
    const next = [];
    for (const line of this.lines) {
      if (line.group) {
        next.push(make("p", { className: "heading", textContent: line.name }));
        next.push(make("div", { className: `st-key-group-${line.group}` }));
      } else if (this.foreseen.get(line.id) !== null) next.at(-1).append(this.kept({ ...line, ...this.foreseen.get(line.id) }, before));
    }
    if (data.has_more) next.push(this.more_button());
    this.root.replaceChildren(...next);
    if (menu.button && !menu.button.isConnected) menu.close();
    else if (entry) menu.stay(entry); // it went with what was drawn before
    if (focused && document.activeElement === document.body) this.focusAgain(focused);
  }

  // On what was focused or stands in its place: something else of its row, or the row that is there now.
  focusAgain({ name, place }) {
    const names = ["open", "choose"].map((it) => name.replace(OF_ROW, `st-key-${it}-`));
    const there = [name, ...names].map((it) => this.root.getElementsByClassName(it)[0]).find(Boolean);
    const rows = this.root.querySelectorAll(ROWS);
    (there ?? rows[Math.min(place, rows.length - 1)])?.querySelector("button, input")?.focus({ preventScroll: true });
  }

  // What is as it was stays as it is: somebody may be typing in it.
  kept(told, before) {
    const { current, busy, chosen, language } = this.data;
    const isIn = (ids) => ids && ids.includes(told.id);
    const signature = JSON.stringify([told, this.menu(told), told.id === current, isIn(busy), isIn(chosen), language]);
    const known = before.get(told.id);
    const row = known && (known.isNamed || known.signature === signature) ? known : { signature, element: this.row(told) };
    this.drawn.set(told.id, row);
    return row.element;
  }

  focused() {
    const holder = this.root.contains(document.activeElement) && document.activeElement.closest("[class*='st-key-']");
    if (!holder) return undefined;
    const name = [...holder.classList].find((it) => it.startsWith("st-key-"));
    const row = OF_ROW.test(name) && (holder.parentElement.querySelector("[class*='st-key-open-']") ?? holder);
    return { name, place: row ? [...this.root.querySelectorAll(ROWS)].indexOf(row) : undefined };
  }

  menu({ menu = 0 }) {
    return this.common.menus[menu];
  }

  row(told) {
    if (this.data.chosen) return this.choice(told);
    const isCurrent = told.id === this.data.current;
    const row = make("div", { className: isCurrent ? "row st-key-current-row" : `row st-key-row-${told.id}` });
    const name = make("p", { textContent: told.title, dir: "auto" });
    const when = this.clock.format(told.when * 1000);
    const open = make("button", { type: "button", title: `${told.title}\n${when}` }, ...(this.data.busy.includes(told.id) ? [icon("pending")] : []), name);
    open.dataset.when = when;
    if (isCurrent) open.setAttribute("aria-current", "page");
    open.addEventListener("click", () => this.open(told.id));
    const button = make("button", { type: "button" }, icon("more_horiz"));
    button.setAttribute("aria-label", this.common.texts.more.replace("{title}", () => told.title));
    button.setAttribute("aria-haspopup", "menu");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => menu.toggle(button, this.menu(told), (...chosen) => this.choose(told, row, ...chosen)));
    row.append(make("div", { className: `open st-key-open-${told.id}` }, open), make("div", { className: `more st-key-menu-${told.id}` }, button));
    const { notes = [], snippet = [] } = told;
    const remarks = notes.map((note) => make("p", { className: "remark", textContent: note, dir: "auto" }));
    if (snippet.length) {
      const words = snippet.map(([text, isMatch]) => (isMatch ? make("b", { textContent: text }) : text));
      remarks.push(make("p", { className: "remark", dir: "auto" }, ...words));
    }
    return remarks.length ? make("div", {}, row, ...remarks) : row;
  }

  choice(told) {
    const box = make("input", { type: "checkbox", checked: this.data.chosen.includes(told.id) });
    box.addEventListener("change", () => this.act({ do: "toggle", id: told.id }));
    const label = make("label", {}, box, make("p", { textContent: told.title, dir: "auto" }));
    return make("div", { className: `row pick st-key-choose-${told.id}` }, label);
  }

  choose(told, row, what, isByKey) {
    if (what === "Rename") this.rename(told, row, isByKey);
    else {
      this.act({ do: "menu", id: told.id, entry: what });
      const isSearch = Boolean(document.querySelector(".st-key-search input")?.value); // it finds what is archived too
      if (what === "Delete" || (MOVES.includes(what) && !isSearch)) this.foresee(told.id, null);
    }
  }

  // focusing.js puts the cursor into it, and knows Esc.
  rename(told, row, isByKey) {
    const field = make("input", { type: "text", value: told.title, maxLength: 200, ariaLabel: this.common.texts.name });
    const drawn = this.drawn.get(told.id);
    const close = () => {
      Object.assign(drawn, { signature: "", isNamed: false });
      this.draw();
      if (isByKey) this.focusAgain({ name: `st-key-open-${told.id}` });
    };
    const button = (key, name, act) => {
      const element = make("button", { type: "button", textContent: name });
      element.addEventListener("click", act);
      return make("span", { className: `st-key-rename-${key}` }, element);
    };
    const save = () => {
      const title = field.value.trim();
      if (title) {
        this.act({ do: "rename", id: told.id, text: title });
        this.foresee(told.id, { title });
      }
      close();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // it would press what has the cursor then
      save();
    });
    const form = make("div", { className: "st-key-rename" }, field, make("div", {}, button("save", this.common.texts.save, save), button("cancel", this.common.texts.cancel, close)));
    row.replaceWith(form);
    if (drawn.element === row) drawn.element = form;
    drawn.isNamed = true;
  }

  more_button() {
    const button = make("button", { type: "button", textContent: this.common.texts.more_conversations });
    button.addEventListener("click", () => this.more());
    const holder = make("div", { className: "st-key-more" }, button);
    this.isAsked = false;
    this.observer.disconnect();
    this.observer.observe(holder);
    return holder;
  }

  more() {
    if (this.isAsked) return;
    this.isAsked = true;
    this.act({ do: "more" });
  }
}

const lists = new WeakMap();

export default ({ data, parentElement, setTriggerValue }) => {
  const rows = lists.get(parentElement) ?? new Rows(parentElement);
  lists.set(parentElement, rows);
  rows.act = (what) => setTriggerValue("act", what);
  rows.take([data].flat()[0]);
  return () => setTimeout(() => rows.root.isConnected || rows.end());
};

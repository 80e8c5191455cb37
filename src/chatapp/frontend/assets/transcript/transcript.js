// The finished messages. Python tells which there are, as a list of keys, with the HTML of the last ones; the rest is
// fetched when it comes near the window. All HTML here was made by our own renderer: nothing of it is a message's own.
import { choice, choose, doHeld, hold, remember, remembered } from "./choosing.js";
import { clickInWords } from "./code.js";
import { editAgain, editedIn, editQuestion, editSummary } from "./editing.js";
import { openMenu } from "./menu.js";
import { drawPictures } from "./pictures.js";
import { keepFocus } from "./refocusing.js";
import { clearGrown, keepWelcome, showWelcome, welcomes } from "./welcome.js";

const BATCH = 48; // keys that are fetched at once
const MOST_KEPT = 4000; // bodies that are kept for conversations that are shown again
const NEAR = "1500px 0px"; // what is so near to the window is fetched
const RETRY_MS = 2000;
const IDLE_MS = 200; // after which a wheel or a finger has come to rest
const HOLDS_ITSELF = CSS.supports("overflow-anchor", "auto");
const SCROLLER = '[data-testid="stMainBlockContainer"]';

const bodies = new Map();
const transcripts = new WeakMap();
const left = new Map(); // by their ids, what was being edited in conversations when another was chosen
const growing = new Map(); // by the same, copies of answers in the making as they were looked away from
let session; // the token of whoever is here
const OF_ANOTHER = '.st-key-above, .st-key-unfinished, .st-key-model-gone, [class*="st-key-live-"] { display: none; }';

const element = (tag, className, properties = {}) => Object.assign(document.createElement(tag), { className }, properties);

class Transcript {
  constructor(parent) {
    this.root = element("div", "transcript");
    this.root.setAttribute("role", "region");
    this.above = element("div", "above-messages");
    this.hiding = document.createElement("style");
    this.growing = element("div", "growing");
    this.root.append(this.above);
    parent.append(this.hiding, this.root, this.growing);
    this.slots = new Map();
    this.keys = [];
    this.version = "";
    this.wanted = new Set();
    this.scroller = this.root.closest(SCROLLER);
    this.observer = new IntersectionObserver((seen) => this.see(seen), { root: this.scroller, rootMargin: NEAR });
    this.observer.observe(this.above);
    this.scrolledMs = -IDLE_MS;
    this.scroller?.addEventListener("scroll", () => { this.scrolledMs = performance.now(); }, { passive: true });
    this.root.addEventListener("click", (event) => this.click(event));
    this.finding = (event) => (event.ctrlKey || event.metaKey) && event.key === "f" && this.wantAll();
    document.addEventListener("keydown", this.finding);
    this.opening = (event) => choose(this, event);
    document.addEventListener("chatapp:open", this.opening);
  }

  end() {
    this.observer.disconnect();
    document.removeEventListener("keydown", this.finding);
    document.removeEventListener("chatapp:open", this.opening);
  }

  take(data) {
    if (data.token !== session) { // somebody else may have signed in: what the last one saw is not for them
      for (const kept of [bodies, remembered, left, growing, welcomes]) kept.clear();
      choice.foreseen = choice.held = undefined;
      session = data.token;
    }
    choice.transcript = this;
    this.data = data;
    this.root.setAttribute("aria-label", t("Messages"));
    this.isAsked = false;
    for (const [key, html] of Object.entries(data.bodies)) bodies.set(key, html);
    if (choice.foreseen && data.opened !== choice.foreseen.name) return this.foresee();
    if (choice.foreseen) this.lookAgain();
    choice.foreseen = undefined;
    this.giveWay();
    this.root.classList.remove("late");
    this.root.dataset.conversation = data.name; // reading.js goes by it
    document.dispatchEvent(new CustomEvent("chatapp:shown", { detail: data.shown }));
    this.root.toggleAttribute("data-busy", data.is_busy);
    if (data.version === this.version) this.hideGrown();
    else if (data.base === "" || data.base === this.version) {
      const before = data.base === "" ? [] : this.keys;
      this.draw([...before.slice(0, data.head), ...data.keys, ...before.slice(before.length - data.tail)], data.version);
    } else this.fetchList();
    const landing = this.slots.get(data.landing);
    if (landing && !landing.classList.contains("filled")) this.want(data.landing);
    doHeld();
    keepWelcome(this);
  }

  // What comes later than the next news may be of another conversation.
  async fetchList() {
    const { data } = this;
    const told = await this.fetch();
    if (data !== this.data || choice.foreseen) return;
    if (told) this.draw(told.keys, told.version);
    else setTimeout(() => this.root.isConnected && data === this.data && this.take(data), RETRY_MS);
  }

  async fetch(keys) {
    const asked = keys ? { method: "POST", body: JSON.stringify(keys) } : {};
    const headers = { "X-Transcript": this.data.token };
    try {
      const response = await fetch("./app/messages", { ...asked, headers });
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  }

  draw(keys, version, id = this.data.shown) {
    const isOther = this.id && this.id !== id; // what has the same words in another is not it
    this.hold(() => keepFocus(this.root, () => {
      const wanted = new Set(keys);
      const edited = editedIn(this);
      if (isOther && edited) left.set(this.id, edited);
      for (const [key, slot] of this.slots) if (!wanted.has(key)) this.drop(key, slot);
      let next = this.above.nextSibling;
      for (const key of keys) {
        const slot = this.slots.get(key) ?? this.slot(key);
        if (slot === next) next = next.nextSibling;
        else this.root.insertBefore(slot, next);
      }
      const again = isOther || !edited ? left.get(id) : !edited.slot.isConnected && edited;
      if (again) editAgain(this, again, keys);
      left.delete(id);
    }), isOther);
    this.keys = keys;
    this.version = version;
    this.id = id;
    this.hideGrown();
    this.forget();
    if (id && version === this.data.version) remember(id, keys);
  }

  // What was said in a conversation when it was shown last stands there until it is told what has been said since.
  foresee() {
    const { foreseen } = choice;
    if (!foreseen.keys) return;
    if (this.version && this.data.live.length) this.keepGrowing();
    this.growing.replaceChildren(...(growing.get(foreseen.id) ?? []));
    if (!foreseen.id) showWelcome(this.growing);
    this.root.dataset.conversation = foreseen.name;
    this.draw(foreseen.keys, "", foreseen.id);
    this.hiding.textContent = OF_ANOTHER;
  }

  // A conversation that is answered for the first time has its id in the address alone.
  get shown() {
    return this.data.shown ?? (this.data.live.length ? new URLSearchParams(location.search).get("c") : null);
  }

  keepGrowing() {
    const id = this.shown;
    if (!id) return; // a temporary one cannot be come back to
    const places = this.data.live.map((name) => document.querySelector(`.st-key-live-${name} .live`));
    growing.set(id, places.filter(Boolean).map((place) => place.cloneNode(true)));
    remember(id, this.keys);
  }

  // The copies of answers in the making go when the answers are there, or are not in the making any more.
  giveWay(frames = 60) {
    const isComing = () => this.data.live.some((name) => !document.querySelector(`.st-key-live-${name} .live`));
    if (frames && this.growing.hasChildNodes() && !choice.foreseen && isComing()) requestAnimationFrame(() => this.giveWay(frames - 1));
    else if (!choice.foreseen) {
      clearGrown(this.growing);
      growing.delete(this.data.shown);
    }
  }

  // What was foreseen and had no HTML here was asked for too early: the page's server gives that of what it shows.
  lookAgain() {
    for (const slot of this.slots.values()) {
      if (slot.classList.contains("filled")) continue;
      this.observer.unobserve(slot);
      if (bodies.has(slot.dataset.key)) this.fill(slot);
      else this.observer.observe(slot);
    }
  }

  // A place for a message, filled at once if its HTML is here.
  slot(key) {
    const slot = element("div", "slot");
    slot.dataset.key = key;
    this.slots.set(key, slot);
    if (bodies.has(key)) this.fill(slot);
    else this.observer.observe(slot);
    return slot;
  }

  drop(key, slot) {
    this.observer.unobserve(slot);
    this.slots.delete(key);
    slot.remove();
  }

  fill(slot) {
    this.observer.unobserve(slot);
    slot.innerHTML = bodies.get(slot.dataset.key);
    slot.classList.add("filled");
    drawPictures(slot, this.data.token);
  }

  // An answer that is finished is not shown a second time, where it grew, until that place is gone.
  hideGrown() {
    const places = [...document.querySelectorAll('[class*="st-key-live-"]')].flatMap((place) => [...place.classList]);
    const finished = places.filter((name) => name.startsWith("st-key-live-") && !this.data.live.includes(name.slice("st-key-live-".length)));
    this.hiding.textContent = finished.map((name) => `.${name} { display: none; }`).join("\n");
    this.observer.unobserve(this.above);
    this.observer.observe(this.above); // so that it tells again whether it is near
  }

  // Messages that come in above do not move those that are being read; most browsers see to that but at the very top.
  hold(change, isOther = false) { // what is of another conversation is not measured: that lays out all of the page
    if (isOther || !this.slots.size || (HOLDS_ITSELF && this.scroller?.scrollTop > 0)) {
      change();
      return;
    }
    const top = this.scroller?.getBoundingClientRect().top ?? 0;
    const read = [...this.root.querySelectorAll(".slot")].find((slot) => slot.getBoundingClientRect().bottom > top);
    const before = read?.getBoundingClientRect().top;
    change();
    if (read?.isConnected && this.scroller) this.scroller.scrollTop += read.getBoundingClientRect().top - before;
  }

  see(seen) {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      if (target === this.above) this.askEarlier();
      else this.want(target.dataset.key);
    }
  }

  askEarlier() {
    if (!this.data?.has_earlier || this.isAsked || choice.foreseen) return;
    this.isAsked = true;
    const ask = () => {
      if (performance.now() - this.scrolledMs < IDLE_MS) setTimeout(ask, IDLE_MS);
      else this.act({ do: "earlier" });
    };
    ask();
  }

  wantAll() {
    for (const [key, slot] of this.slots) if (!slot.classList.contains("filled")) this.want(key);
  }

  want(key) {
    if (this.wanted.size === 0 && !this.isFetching) setTimeout(() => this.fetchWanted());
    this.wanted.add(key);
  }

  async fetchWanted() {
    this.isFetching = true;
    while (this.wanted.size && this.root.isConnected) {
      const keys = [...this.wanted].slice(-BATCH);
      const told = await this.fetch(keys);
      if (!told) {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        for (const key of keys) if (!this.slots.has(key)) this.wanted.delete(key);
        continue;
      }
      for (const key of keys) this.wanted.delete(key);
      for (const [key, html] of Object.entries(told)) bodies.set(key, html);
      this.hold(() => {
        for (const key of Object.keys(told)) if (this.slots.has(key)) this.fill(this.slots.get(key));
      });
    }
    this.isFetching = false;
  }

  forget() {
    for (const key of bodies.keys()) {
      if (bodies.size <= MOST_KEPT) return;
      if (!this.slots.has(key)) bodies.delete(key);
    }
  }

  click({ target }) {
    const button = target.closest("button");
    const id = button?.closest("[data-id]")?.dataset.id;
    if (!button) return;
    if (choice.foreseen) {
      hold(this.root, id, button);
      return;
    }
    const { dataset } = button;
    if (dataset.menu) openMenu(button, this);
    else if (dataset.do === "edit") editQuestion(button.closest("article"), this);
    else if (dataset.do === "edit-summary") editSummary(button, this);
    else if (dataset.do && !(this.data.is_busy && dataset.do !== "draw" && dataset.do !== "file")) this.act({ do: dataset.do, id, to: dataset.to });
    else clickInWords(button, (what) => this.act(what));
  }
}

export default ({ data, parentElement, setTriggerValue }) => {
  const transcript = transcripts.get(parentElement) ?? new Transcript(parentElement);
  transcripts.set(parentElement, transcript);
  transcript.act = (what) => setTriggerValue("act", what);
  transcript.take([data].flat()[0]);
  return () => setTimeout(() => transcript.root.isConnected || transcript.end()); // it is called for replaced news too
};

// What the box to ask from does beside being typed in: `/` offers saved prompts, a long text that is pasted becomes a
// file, and arrow up in the empty box goes back to the last question.
const BOX = "[data-testid='stChatInputTextArea']";
const FOLD_CHARS = 4000; // more than a screen of text: nobody reads over it in the box
const SOON_MS = 100;
const NEARLY = 0.9;
const PLACE = /\{\{[A-Za-z][A-Za-z0-9_-]{0,39}\}\}/g;

const isBox = (target) => target instanceof Element && target.matches(BOX);

const write = (box, text) => {
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
};

// The next place in a prompt that is still to be written; what is typed takes it.
const selectPlace = (box, from) => {
  const places = [...box.value.matchAll(PLACE)];
  const next = places.find(({ index }) => index >= from) ?? places[0];
  if (next) box.setSelectionRange(next.index, next.index + next[0].length);
  return Boolean(next);
};

const menu = document.createElement("div");
menu.id = "prompt-menu";
let offered = [];
let chosen = 0;

const close = () => {
  if (!offered.length && !menu.isConnected) return;
  offered = [];
  menu.remove();
  const box = document.querySelector(BOX);
  for (const name of ["aria-controls", "aria-activedescendant"]) box?.removeAttribute(name);
};

const mark = (box) => {
  [...menu.children].forEach((option, place) => option.setAttribute("aria-selected", place === chosen));
  if (offered.length) box.setAttribute("aria-activedescendant", `prompt-${chosen}`);
  menu.children[chosen]?.scrollIntoView({ block: "nearest" });
};

const take = (box) => {
  const prompt = offered[chosen];
  close();
  write(box, prompt.text);
  box.focus();
  if (!selectPlace(box, 0)) box.setSelectionRange(box.value.length, box.value.length);
};

const option = (prompt, place, box) => {
  const element = document.createElement("div");
  element.id = `prompt-${place}`;
  element.setAttribute("role", "option");
  element.append(Object.assign(document.createElement("b"), { textContent: `/${prompt.name}` }));
  element.append(Object.assign(document.createElement("span"), { textContent: prompt.about || prompt.text }));
  element.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    chosen = place;
    take(box);
  });
  return element;
};

let due;
const offer = (box) => {
  const told = document.querySelector(".prompts");
  clearTimeout(due);
  if (!told && box.value.startsWith("/")) { // who types at once is there before what is told
    due = setTimeout(() => isBox(document.activeElement) && offer(document.activeElement), SOON_MS);
  }
  if (!told || !box.value.startsWith("/") || box.value.includes("\n")) return close();
  const words = box.value.slice(1).toLowerCase();
  const all = JSON.parse(told.dataset.prompts);
  offered = all.filter(({ name, about }) => `${name} ${about}`.toLowerCase().includes(words));
  chosen = 0;
  menu.setAttribute("role", offered.length ? "listbox" : "note"); // a list has to have something to choose
  menu.setAttribute("aria-label", t("Saved prompts"));
  menu.replaceChildren(...offered.map((prompt, place) => option(prompt, place, box)));
  if (!all.length && !words) menu.textContent = told.dataset.none;
  if (!menu.hasChildNodes()) return close();
  box.closest("[data-testid='stChatInput']").prepend(menu);
  box.setAttribute("aria-controls", menu.id);
  mark(box);
};

// How much is in the box is worth knowing where little room is left in it.
const count = (box) => {
  const chat = box.closest("[data-testid='stChatInput']");
  const [typed, most] = (chat?.querySelector("[data-testid='InputInstructions']")?.textContent ?? "").split("/").map(Number);
  chat?.toggleAttribute("data-nearly-full", typed > NEARLY * most);
};

document.addEventListener("input", ({ target }) => {
  if (!isBox(target)) return;
  offer(target);
  requestAnimationFrame(() => count(target)); // when Streamlit has counted
});
document.addEventListener("focusout", ({ target }) => { if (isBox(target)) close(); });

const inMenu = (event, box) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    chosen = (chosen + step + offered.length) % offered.length;
    mark(box);
  } else if (event.key === "Enter" || event.key === "Tab") take(box);
  else if (event.key === "Escape") close();
  else return false;
  return true;
};

const inBox = (event, box) => {
  if (event.key === "Tab" && !event.shiftKey) return box.value.includes("{{") && selectPlace(box, box.selectionEnd);
  if (event.key !== "ArrowUp" || box.value) return false;
  const waiting = document.querySelector(".st-key-queued-edit button");
  const edits = document.querySelectorAll("[class*='st-key-edit-'] button, article [data-do='edit']");
  const button = waiting ?? edits[edits.length - 1];
  button?.click();
  return Boolean(button);
};

let isPlain = false; // Ctrl+Shift+V pastes a text as it is
document.addEventListener("keydown", (event) => {
  isPlain = event.shiftKey;
  if (!isBox(event.target) || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!(offered.length ? inMenu : inBox)(event, event.target)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });

let pasted = 0;
document.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!isBox(event.target) || isPlain || event.clipboardData.files.length || text.length < FOLD_CHARS) return;
  const input = event.target.closest("[data-testid='stChatInput']").querySelector("input[type='file']");
  if (!input) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const files = new DataTransfer();
  pasted += 1;
  files.items.add(new File([text], `pasted-${pasted}.txt`, { type: "text/plain" }));
  input.files = files.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}, { capture: true });

// The keyboard: `?` shows what it can do, Ctrl+K finds what can be done and where to go.
const isApple = /Mac|iP(hone|ad)/.test(navigator.platform);
const CONTROL = isApple ? "⌘" : "Ctrl";
const find = (selector) => document.querySelector(selector);
const press = (key) => {
  const buttons = document.querySelectorAll(`.st-key-${key} button:not(:disabled)`);
  buttons[buttons.length - 1]?.click(); // on a phone the first is a copy that is not seen
};
const focus = (selector) => find(selector)?.focus();
const toggleSidebar = () =>
  find("[data-testid='stExpandSidebarButton'], [data-testid='stSidebarCollapseButton'] button")?.click();
const BOX = "[data-testid='stChatInputTextArea']";
const ROW = "[class*='st-key-open-'] button";
const PROJECT = "[class*='st-key-project-open-'] button";

const step = (by) => {
  const rows = [...document.querySelectorAll(ROW)];
  const current = rows.indexOf(find(".st-key-current-row [class*='st-key-open-'] button"));
  rows[current < 0 ? 0 : current + by]?.click();
};

const copyLast = () => {
  const buttons = document.querySelectorAll("button.copy");
  buttons[buttons.length - 1]?.click();
};

const COMMANDS = [
  { name: later("New chat"), keys: `${CONTROL}+Shift+O`, act: () => press("new-chat") },
  { name: later("Temporary chat"), act: () => press("temporary-chat") },
  { name: later("New project"), act: () => press("project-new"), isThere: () => find(".st-key-project-new") },
  { name: later("Previous conversation"), keys: "Alt+↑", act: () => step(-1) },
  { name: later("Next conversation"), keys: "Alt+↓", act: () => step(1) },
  { name: later("Look for words in conversations"), keys: `${CONTROL}+Shift+F`, act: () => focus(".st-key-search input") },
  { name: later("Choose the model and give instructions"), keys: `${CONTROL}+Shift+M`, act: () => press("chat-options") },
  { name: later("Write a question"), keys: "/", act: () => focus(BOX) },
  { name: later("Summarise earlier messages"), act: () => press("summarise"), isThere: () => find(".st-key-summarise button:not(:disabled)") },
  { name: later("Copy the last answer"), keys: `${CONTROL}+Shift+Y`, act: copyLast },
  { name: later("Stop the answer"), keys: "Esc", act: () => press("stop") },
  { name: later("Show or hide the sidebar"), keys: `${CONTROL}+Shift+S`, act: toggleSidebar },
  { name: later("Settings"), keys: `${CONTROL}+,`, act: () => press("settings-open") },
  { name: later("Usage"), act: () => press("usage-open") },
  { name: later("Archived conversations"), act: () => press("archive") },
  { name: later("Sign out"), act: () => press("sign-out"), isThere: () => find(".st-key-sign-out") },
  {
    name: later("Tell me outside of this tab when an answer is there"),
    act: () => Notification.requestPermission(),
    isThere: () => "Notification" in window && Notification.permission === "default",
  },
  { name: later("Show all keys"), keys: "?", act: () => show(keys()) },
];

const OTHERS = [
  [later("Find a command or a conversation"), `${CONTROL}+K`],
  [later("Edit the last question, in the empty box"), "↑"],
  [later("Saved prompts, in the box"), "/"],
  [later("Paste a long text as it is"), `${CONTROL}+Shift+V`],
  [later("Send an edited question"), `${CONTROL}+Enter`],
  [later("Through the list of conversations"), "↑ ↓ Home End"],
  [later("What can be done with a conversation of the list"), "→"],
];

const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const dialog = (id, name, ...children) => {
  const element = make("dialog", { id, className: "keys", ariaLabel: name, tabIndex: 0 }, ...children); // it scrolls
  element.addEventListener("click", (event) => { if (event.target === element) element.close(); });
  element.addEventListener("keydown", (event) => event.stopPropagation()); // Esc closes this and stops no answer
  element.addEventListener("close", () => element.remove());
  return element;
};

const show = (element) => {
  if (find("[data-testid='stDialog']")) return; // one at a time
  if (!element.isConnected) document.body.append(element);
  element.showModal();
};

const row = (name, shown) => make("div", { className: "keys-row" }, make("span", { textContent: name }), make("kbd", { textContent: shown }));
const keys = () => dialog(
  "keys",
  t("Keys"),
  make("h2", { textContent: t("Keys") }),
  ...[...COMMANDS.filter((it) => it.keys).map((it) => [it.name, it.keys]), ...OTHERS].map(([name, shown]) => row(t(name), shown)),
);

const field = make("input", { type: "text", autocomplete: "off", spellcheck: false });
const list = make("div", { id: "palette-list" });
const palette = dialog("palette", "", field, list);
list.setAttribute("role", "listbox");
field.setAttribute("role", "combobox");
field.setAttribute("aria-controls", list.id);
field.setAttribute("aria-expanded", "true");
let found = [];
let chosen = 0;

const places = (selector, icon) =>
  [...document.querySelectorAll(selector)].map((button) => ({ name: button.querySelector("p")?.textContent ?? "", icon, when: button.dataset.when, act: () => button.click() }));

const lookFor = (words) => ({
  name: find(".st-key-project-close") ? t("Look for “{words}” in this project", { words }) : t("Look for “{words}” in all conversations", { words }),
  icon: "search",
  act: () => {
    const search = find(".st-key-search input");
    if (!search) return;
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(search, words);
    search.dispatchEvent(new Event("input", { bubbles: true }));
    search.focus();
  },
});

const mark = () => {
  [...list.children].forEach((option, place) => option.setAttribute("aria-selected", place === chosen));
  field.setAttribute("aria-activedescendant", found.length ? `palette-${chosen}` : "");
  list.children[chosen]?.scrollIntoView({ block: "nearest" });
};

const take = () => {
  palette.close();
  found[chosen]?.act();
};

const option = (entry, place) => {
  const name = make("span", { textContent: entry.name, dir: "auto" });
  const icon = make("i", { textContent: entry.icon ?? "chevron_right", ariaHidden: "true" });
  const element = make("div", { id: `palette-${place}` }, icon, name, make("kbd", { textContent: entry.keys ?? "" }), make("small", { textContent: entry.when ?? "" }));
  element.setAttribute("role", "option");
  element.addEventListener("click", () => { chosen = place; take(); });
  return element;
};

const look = () => {
  const words = field.value.toLowerCase().split(/\s/).filter(Boolean);
  const fits = ({ name }) => words.every((word) => name.toLowerCase().includes(word));
  const commands = COMMANDS.filter((it) => !it.isThere || it.isThere()).map((it) => ({ ...it, name: t(it.name) }));
  found = [...commands, ...places(PROJECT, "folder"), ...places(ROW, "forum")].filter(fits);
  if (words.length && find(".st-key-search input")) found.push(lookFor(field.value.trim()));
  chosen = 0;
  list.replaceChildren(...found.map(option));
  mark();
};

field.addEventListener("input", look);
field.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && found.length) {
    chosen = (chosen + by + found.length) % found.length;
    mark();
  } else if (event.key === "Enter" && !event.isComposing) take();
  else return;
  event.preventDefault();
});

const openPalette = () => {
  palette.ariaLabel = t("Commands");
  list.setAttribute("aria-label", t("Commands and conversations"));
  field.setAttribute("aria-label", t("Find a command or a conversation"));
  field.placeholder = t("Find a command or a conversation");
  field.value = "";
  show(palette);
  look();
};

const WITH_CONTROL = { k: openPalette, ",": () => press("settings-open") };
const WITH_SHIFT = { o: "New chat", f: "Look for words in conversations", m: "Choose the model and give instructions", s: "Show or hide the sidebar", y: "Copy the last answer" };
const ALONE = { "?": "Show all keys", "/": "Write a question" };
const act = (name) => name && COMMANDS.find((it) => it.name === name).act;

const meant = (event) => {
  const key = event.key.toLowerCase();
  const hasControl = isApple ? event.metaKey : event.ctrlKey;
  if (hasControl && !event.altKey) return event.shiftKey ? act(WITH_SHIFT[key]) : WITH_CONTROL[key];
  if (event.altKey && !event.ctrlKey) return { arrowup: () => step(-1), arrowdown: () => step(1) }[key];
  const isTyped = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable], [role='menu'], [role='listbox']");
  return isTyped ? undefined : act(ALONE[event.key]);
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || find("dialog[open]") || find(".st-key-sign-in")) return;
  const wanted = meant(event);
  if (!wanted) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  wanted();
}, { capture: true });

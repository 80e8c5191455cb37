// What else can be done with a message: quoted, forked, copied in other forms.
import { quote, selectedIn } from "./quoting.js";

const SAID_MS = 1500;
let opened;

const close = () => {
  if (!opened) return;
  const { menu, button } = opened;
  opened = undefined;
  menu.remove();
  button.removeAttribute("aria-expanded");
};

// Words as they are read: without the captions of code, which are buttons.
const textOf = (article) => {
  const words = article.querySelector(":scope > .said, .plain");
  words.classList.add("copying");
  const text = words.innerText;
  words.classList.remove("copying");
  return text;
};

const markdownOf = (article) => article.querySelector(".copy")?.dataset.copy ?? textOf(article);

const codeOf = async (id, language, token) => {
  const headers = { "X-Transcript": token };
  const response = await fetch(`./app/code?id=${encodeURIComponent(id)}&as=${language}`, { headers });
  if (!response.ok) throw new Error(response.statusText);
  return response.text();
};

const copy = async (text, button) => {
  await navigator.clipboard.writeText(await text);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), SAID_MS);
};

const choose = (what, button, selected, { act, data }) => {
  const article = button.closest("article");
  const { id } = article.dataset;
  if (what === "quote") quote(selected || markdownOf(article));
  else if (what === "text") copy(selected || textOf(article), button);
  else if (what === "fork") act({ do: "fork", id });
  else copy(codeOf(id, what, data.token), button);
};

const step = (items, by) => {
  const place = items.indexOf(document.activeElement);
  items[(place + by + items.length) % items.length].focus();
};

export const openMenu = (button, transcript) => {
  const wasOpen = opened?.button === button;
  close();
  if (wasOpen) return;
  const selected = selectedIn(button.closest("article"));
  const menu = Object.assign(document.createElement("div"), { className: "message-menu" });
  menu.setAttribute("role", "menu");
  const busy = transcript.data.is_busy ? ["fork"] : [];
  for (const what of button.dataset.menu.split(" ").filter((each) => !busy.includes(each))) {
    const item = Object.assign(document.createElement("button"), { type: "button", textContent: transcript.data.menu[what] });
    item.setAttribute("role", "menuitem");
    item.addEventListener("click", (event) => {
      event.stopPropagation();
      close();
      choose(what, button, selected, transcript);
    });
    menu.append(item);
  }
  button.after(menu);
  if (button.closest(".answer")) {
    menu.style.insetInline = "auto";
    menu.style.left = `${Math.min(button.offsetLeft, menu.parentElement.clientWidth - menu.offsetWidth)}px`;
  }
  button.setAttribute("aria-expanded", "true");
  opened = { menu, button };
  menu.firstChild.focus({ preventScroll: true });
  menu.scrollIntoView({ block: "nearest" });
};

document.addEventListener("pointerdown", ({ target }) => {
  if (opened && !opened.menu.contains(target) && !opened.button.contains(target)) close();
});
document.addEventListener("keydown", (event) => {
  if (!opened) return;
  const items = [...opened.menu.children];
  if (event.key === "Escape") {
    const { button } = opened;
    close();
    button.focus();
  } else if (event.key === "ArrowDown") step(items, 1);
  else if (event.key === "ArrowUp") step(items, -1);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, { capture: true });

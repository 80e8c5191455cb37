// The first screen of a new chat, as it was shown last: a copy of it stands there until the page's server has told it.
import { choice } from "./choosing.js";

const DRAWN_MS = 300; // after which what is told is drawn, most of the time
const WELCOME = ".st-key-above .st-key-welcome";

export const welcomes = new Map(); // copies by the languages that they are in

const drawnAs = (element) => {
  const holder = element.closest("button")?.closest("[class*='st-key-']");
  const name = [...(holder?.classList ?? [])].find((it) => it.startsWith("st-key-"));
  return name && (() => document.querySelector(`${WELCOME} .${name} button`));
};

const copyOf = (drawn) => {
  const copy = drawn.cloneNode(true);
  for (const named of copy.querySelectorAll("[id]")) named.removeAttribute("id"); // it is that of what is drawn
  copy.addEventListener("click", ({ target }) => {
    choice.held = drawnAs(target) ?? choice.held;
  });
  return copy;
};

export const keepWelcome = (transcript, tries = 20) => setTimeout(() => {
  if (transcript.keys.length || !tries) return;
  const drawn = document.querySelector(`${WELCOME}:has(h1):has(button)`);
  if (drawn) welcomes.set(document.documentElement.lang, copyOf(drawn));
  else keepWelcome(transcript, tries - 1);
}, DRAWN_MS);

export const showWelcome = (place) => place.append(...[welcomes.get(document.documentElement.lang)].filter(Boolean));

// Who has gone to a button of it by keyboard is at the one that is drawn then.
export const clearGrown = (place) => {
  const drawn = place.contains(document.activeElement) && drawnAs(document.activeElement);
  place.replaceChildren();
  if (drawn) setTimeout(() => drawn()?.focus({ preventScroll: true })); // until then it is hidden
};

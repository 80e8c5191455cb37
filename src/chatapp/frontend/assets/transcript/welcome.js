// The first screen of a new chat, as it was shown last: a copy of it stands there until the page's server has told it.
import { choice } from "./choosing.js";

const DRAWN_MS = 300; // after which what is told is drawn, most of the time
const WELCOME = ".st-key-above .st-key-welcome";

let copy;

export const keepWelcome = (transcript, tries = 20) => setTimeout(() => {
  if (transcript.keys.length || !tries) return;
  const drawn = document.querySelector(`${WELCOME}:has(h1):has(button)`);
  if (drawn) copy = drawn.cloneNode(true);
  else keepWelcome(transcript, tries - 1);
}, DRAWN_MS);

export const showWelcome = (place) => {
  if (!copy) return;
  place.append(copy);
  copy.onclick = ({ target }) => {
    const names = [...(target.closest("[class*='st-key-suggestion-']")?.classList ?? [])];
    const name = names.find((it) => it.startsWith("st-key-"));
    if (name) choice.held = () => document.querySelector(`${WELCOME} .${name} button`);
  };
};

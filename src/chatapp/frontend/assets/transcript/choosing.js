// The choice of another conversation in the list, or of a new one: asked for by the one on show, it is drawn without the
// list, and what it held when it was shown last stands there at once.
const BOX = '[data-testid="stChatInputTextArea"]';
const SEND = '[data-testid="stChatInputSubmitButton"]';
const MOST_REMEMBERED = 50;
const AGAIN_MS = 1000; // a click in what was drawn alone ends no run of the whole that has begun to wait for an answer
const LOST_MS = 5000;
const LATE_MS = 700; // after which what stands there is seen to be of the last one

// `transcript` is what was told last; `foreseen` what was asked for and not told yet, its id, by which name, and the keys
// that it had; `held` finds what was clicked meanwhile; `wish` the choice that was told last.
export const choice = { transcript: undefined, foreseen: undefined, held: undefined, wish: undefined };
export const remembered = new Map(); // the keys of conversations that were shown, by their ids
let asked = 0;

export const remember = (id, keys) => {
  remembered.delete(id);
  remembered.set(id, keys);
  if (remembered.size > MOST_REMEMBERED) remembered.delete(remembered.keys().next().value);
};

// A click in what was foreseen is one in what is told then.
const buttonsOf = (root, id) => [...root.querySelectorAll(`[data-id="${CSS.escape(id ?? "")}"] button`)];
export const hold = (root, id, button) => {
  const place = buttonsOf(root, id).indexOf(button);
  choice.held = () => buttonsOf(root, id)[place];
};
export const doHeld = () => {
  const { held } = choice;
  choice.held = undefined;
  held?.()?.click();
};

// A new one has no id.
export const choose = (transcript, event) => {
  if (!transcript.root.isConnected || choice.transcript !== transcript) return; // Streamlit keeps the last one until the next is drawn
  const id = event.detail;
  const isSearch = Boolean(document.querySelector(".st-key-search input")?.value); // then a row leads to a place
  if (!id && isSearch) return; // it ends with a new chat
  event.preventDefault();
  choice.held = undefined; // it was meant for what is not wanted any more
  const name = String(++asked);
  const typed = document.querySelector(BOX)?.value ? "yes" : "";
  choice.wish = { do: id ? "open" : "new", id, name, typed }; // what is in the box now is sent later, if it is
  transcript.act(choice.wish);
  if (!choice.foreseen && (id === transcript.shown || isSearch)) return;
  const keys = id ? remembered.get(id) : [];
  choice.foreseen = { id, name, keys: isSearch ? undefined : keys }; // also on the way back from another
  transcript.foresee();
  const isWaited = () => choice.foreseen?.name === name;
  setTimeout(() => isWaited() && choice.transcript.root.classList.toggle("late", !keys), LATE_MS);
  setTimeout(() => isWaited() && choice.transcript.act(choice.wish), AGAIN_MS);
  setTimeout(() => {
    if (!isWaited()) return;
    choice.foreseen = undefined;
    choice.transcript.take(choice.transcript.data);
  }, LOST_MS);
};

// So is what is sent before the choice was followed; what was sent before the choice is not.
const send = ({ key, shiftKey, isComposing, target }) => {
  const { transcript, wish } = choice;
  if (!wish || wish.typed || transcript?.data.opened === wish.name || !(target instanceof Element)) return;
  if (key ? key !== "Enter" || shiftKey || isComposing || !target.matches(BOX) : !target.closest(SEND)) return;
  wish.typed = "yes";
  transcript.act(wish);
};
for (const kind of ["keydown", "click"]) document.addEventListener(kind, send, { capture: true });

// A new chat is asked for like another conversation, where one is on show; Streamlit's button draws all of the page.
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || !event.target.closest(".st-key-new-chat button")) return;
  if (document.dispatchEvent(new CustomEvent("chatapp:open", { detail: null, cancelable: true }))) return;
  event.stopPropagation();
  document.dispatchEvent(new CustomEvent("chatapp:shown", { detail: null }));
}, { capture: true });

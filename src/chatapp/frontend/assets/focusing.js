// Where what is typed goes: to the box to ask from, or the field for a key, when the page is opened and when a conversation
// comes on show, to a field that has just been opened, and back to the box when it closes, as when a dialog does and what
// it was opened from is gone; a link that has been made is there to be copied, a new project to be named. Not where a
// keyboard would cover the screen.
const BOX = "[data-testid='stChatInputTextArea']";
const FIELDS = [".st-key-rename input", ".st-key-editor textarea"];
const FIRST = [BOX, ".st-key-sign-in input:not([type='checkbox'])"]; // whose box to stay is drawn before it
const IN_DIALOG = [".st-key-made-link button", ".st-key-project-name-new input"];
const CHOICES = "[class*='st-key-open-'] button, .st-key-new button";
const GOING = ":is(.st-key-stop, .st-key-go-on, .st-key-queued-edit, .st-key-summarise, [class*='st-key-again']) button"; // once they are clicked
const hasKeyboard = () => !window.matchMedia("(pointer: coarse)").matches;

const isLost = () => document.activeElement === document.body;
const SETTLED_MS = 2000; // after which all is drawn that a dialog has changed, what it was opened from too, or an address
let field, box, dialog, address, begun;
let changedMs = -SETTLED_MS;
const first = (selectors) => selectors.map((it) => document.querySelector(it)).find(Boolean) ?? null; // a list takes ten times as long
const focusBox = () => hasKeyboard() && first(FIRST)?.focus({ preventScroll: true });

const look = () => {
  const found = first(FIELDS);
  if (found !== field) {
    if (found) {
      found.focus({ preventScroll: true });
      found.closest(".st-key-editor")?.scrollIntoView({ block: "nearest" });
      found.setSelectionRange(found.matches("input") ? 0 : found.value.length, found.value.length);
    } else if (isLost()) focusBox();
    field = found;
  }
  const now = first(FIRST);
  if (now && now !== box && isLost()) focusBox();
  box = now;
  const over = document.querySelector("[data-testid='stDialog']");
  if ((dialog && !over) || location.search !== address) changedMs = performance.now();
  if (performance.now() - changedMs < SETTLED_MS) setTimeout(() => isLost() && focusBox());
  dialog = over;
  const begins = first(IN_DIALOG);
  if (begins && begins !== begun && hasKeyboard()) setTimeout(() => begins.focus()); // behind the dialog, which goes to its first button then
  begun = begins;
  address = location.search;
};

let isDue = false;
new MutationObserver(() => {
  if (!isDue) requestAnimationFrame(() => { isDue = false; look(); });
  isDue = true;
}).observe(document, { childList: true, subtree: true });

document.addEventListener("pointerdown", () => { changedMs = -SETTLED_MS; }, { capture: true }); // a hand goes where it likes

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest(`${CHOICES}, ${GOING}`)) focusBox();
}, { capture: true }); // a new chat goes no further where a conversation is on show

// Who has chosen a model in the menu of models is done there: in the list, or in the field that one server's models have.
const FIELD_OF_MODELS = "[class*='st-key-own-model-'] [aria-expanded='true']";
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const isInField = event.target.closest("[role='option']") && document.querySelector(FIELD_OF_MODELS);
  if (!isInField && !event.target.closest(".st-key-model-list button")) return;
  setTimeout(() => {
    document.querySelector(".st-key-chat-options button[aria-expanded='true']")?.click();
    focusBox();
  });
}, { capture: true }); // the field forgets that it was open when it hears of the click

// Esc leaves a field as it was, Ctrl+Enter sends it; a question that is edited has lines of its own.
const press = (key) => document.querySelector(`.st-key-${key} button`)?.click();
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (!(target instanceof Element) || !target.matches(FIELDS.join())) return;
  const what = target.matches("textarea") ? "edit" : "rename";
  const sends = what === "edit" && key === "Enter" && (event.ctrlKey || event.metaKey);
  if (key !== "Escape" && !sends) return;
  event.preventDefault();
  event.stopPropagation();
  target.blur(); // Streamlit takes what is in a field when it is left
  press(sends ? "edit-send" : `${what}-cancel`);
}, { capture: true });

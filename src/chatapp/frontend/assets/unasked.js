// A question that has not reached the backend is not lost when the page is loaded again: this tab keeps it until it is
// asked, and puts it into the box.
const BOX = "[data-testid='stChatInputTextArea']";
const KEY = "chatapp-unasked";

let told = "";
let isRestored = false;

const keep = (text) => (text ? sessionStorage.setItem(KEY, text) : sessionStorage.removeItem(KEY));

const restore = (box) => {
  const text = sessionStorage.getItem(KEY);
  isRestored = true;
  if (!text || box.value) return;
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
};

const look = () => {
  const now = document.querySelector(".unasked")?.dataset.text;
  const box = document.querySelector(BOX);
  if (now === undefined || !box) return;
  if (now !== told) keep(now);
  told = now;
  if (!told && !isRestored) restore(box);
};

let isDue = false;
new MutationObserver(() => {
  if (!isDue) requestAnimationFrame(() => { isDue = false; look(); });
  isDue = true;
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-text"] });

document.addEventListener("click", ({ target }) => {
  if (target instanceof Element && target.closest(".st-key-sign-out")) keep(""); // who comes next is not to see it
}, { capture: true });

// What is changed in the box is what is kept; once it is asked, the page says whether it has arrived.
document.addEventListener("input", ({ target }) => {
  if (isRestored && !told && target instanceof Element && target.matches(BOX) && sessionStorage.getItem(KEY)) keep(target.value);
});
document.addEventListener("keydown", ({ key, shiftKey, target }) => {
  if (key === "Enter" && !shiftKey && target instanceof Element && target.matches(BOX)) keep("");
}, { capture: true });

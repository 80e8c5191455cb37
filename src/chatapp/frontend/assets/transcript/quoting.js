// Words of a message in the box to ask from, each line behind `>`.
const BOX = "[data-testid='stChatInputTextArea']";
let selection = { text: "", place: null };

// What is selected is gone once a button is pressed, so it is remembered before.
document.addEventListener("pointerdown", () => {
  const now = document.getSelection();
  selection = { text: now.toString().trim(), place: now.rangeCount ? now.getRangeAt(0).commonAncestorContainer : null };
}, { capture: true });

// The words that are selected in a message, empty where none are.
export const selectedIn = (article) => (article.contains(selection.place) ? selection.text : "");

export const quote = (text) => {
  const box = document.querySelector(BOX);
  if (!box) return;
  const quoted = text.trim().split("\n").map((line) => `> ${line}`.trimEnd()).join("\n");
  const before = box.value.trimEnd();
  const value = `${before}${before ? "\n\n" : ""}${quoted}\n\n`;
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, value);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
  box.setSelectionRange(value.length, value.length);
  box.scrollTop = box.scrollHeight;
};

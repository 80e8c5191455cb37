// A question or a summary as a field; focusing.js puts the cursor into it, and knows Esc and Ctrl+Enter.
const SENDS = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘+Enter" : "Ctrl+Enter";
const element = (tag, className, properties = {}) => Object.assign(document.createElement(tag), { className }, properties);

const named = (key, name) => {
  const holder = element("span", `st-key-${key}`);
  holder.append(element("button", "", { type: "button", textContent: name }));
  return holder;
};

// Shows a field in `place`, whose other parts its class `edited` hides; `send` gets what is written.
const open = (place, transcript, { text, label, verb, send }) => {
  const field = element("textarea", "", { value: text, maxLength: transcript.data.max_chars });
  field.rows = Math.min(12, 2 + text.split("\n").length + Math.floor(text.length / 80));
  field.setAttribute("aria-label", label);
  const [cancel, sending] = [named("edit-cancel", t("Cancel")), named("edit-send", verb)];
  const editor = element("div", "st-key-editor editor");
  const row = element("div", "editor-row");
  row.append(element("kbd", "", { textContent: SENDS }), cancel, sending);
  sending.firstChild.setAttribute("aria-keyshortcuts", "Control+Enter Meta+Enter");
  editor.append(field, row);
  const close = () => { place.classList.remove("edited"); editor.remove(); };
  cancel.firstChild.addEventListener("click", close);
  sending.firstChild.addEventListener("click", () => {
    if (!field.value.trim() || transcript.data.is_busy) return; // Python would not take it, and it would be gone
    send(field.value);
    close();
  });
  place.classList.add("edited");
  place.append(editor);
};

export const editQuestion = (article, transcript) => {
  const bubble = article.querySelector(".bubble");
  const text = article.querySelector("[data-text]")?.dataset.text ?? bubble.querySelector(".plain")?.textContent ?? "";
  const send = (written) => transcript.act({ do: "ask", id: article.dataset.id, text: written });
  open(article, transcript, { text, label: t("Your question"), verb: t("Ask"), send });
};

export const editSummary = (button, transcript) => {
  const card = button.closest(".summary");
  const send = (text) => transcript.act({ do: "summary", id: card.dataset.id, text });
  open(card.querySelector("details"), transcript, { text: button.dataset.text, label: t("Summary"), verb: t("Keep"), send });
};

// A question that is being edited goes on being edited where it gets another key, as it does when it is stored, and when
// its conversation is on show again.
export const editedIn = (transcript) => {
  const slot = transcript.root.querySelector(".question.edited")?.closest(".slot");
  const field = slot?.querySelector(".editor textarea");
  if (!field) return null;
  const { value, selectionStart, selectionEnd } = field;
  const place = transcript.keys.indexOf(slot.dataset.key);
  return { slot, value, selection: [selectionStart, selectionEnd], isIn: field === document.activeElement, place };
};

export const editAgain = (transcript, { slot, value, selection, isIn, place }, keys) => {
  const words = (holder) => holder?.querySelector(".bubble")?.textContent;
  const same = transcript.slots.get(slot.dataset.key) ?? transcript.slots.get(keys[place]);
  const article = same?.querySelector("article.question");
  if (!article || words(article) !== words(slot)) return;
  editQuestion(article, transcript);
  const field = article.querySelector(".editor textarea");
  field.value = value;
  if (!isIn) return;
  field.focus({ preventScroll: true });
  field.setSelectionRange(...selection);
};

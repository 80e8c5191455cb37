// Files that go along are read before anything else is drawn: meanwhile it is said above the box. style.css shows it only
// where that takes a while.
const CHAT = "[data-testid='stChatInput']";
const FILE = "[data-testid='stFileChip']";
const DONE = ".st-key-stop, .st-key-waiting";
const LATE_MS = 2000; // after which nothing is read that was not begun
const TICK_MS = 50;

const note = Object.assign(document.createElement("p"), { id: "reading-files" });
note.setAttribute("role", "status");
const isReading = () =>
  document.querySelector(".stApp")?.dataset.testScriptState !== "notRunning" && !document.querySelector(DONE);

let ticking;
const watch = (chat) => {
  clearInterval(ticking);
  const begunMs = performance.now();
  ticking = setInterval(() => {
    if (isReading()) {
      if (note.isConnected) return;
      note.textContent = t("Reading …");
      chat.prepend(note);
    } else if (note.isConnected || performance.now() - begunMs > LATE_MS) {
      clearInterval(ticking);
      note.remove();
    }
  }, TICK_MS);
};

const sent = ({ type, key, shiftKey, isComposing, target }) => {
  const chat = target instanceof Element && target.closest(CHAT);
  if (!chat?.querySelector(FILE)) return;
  const isEnter = key === "Enter" && !shiftKey && !isComposing;
  if (type === "click" ? target.closest("[data-testid='stChatInputSubmitButton']") : isEnter) watch(chat);
};
for (const kind of ["keydown", "click"]) document.addEventListener(kind, sent, { capture: true });

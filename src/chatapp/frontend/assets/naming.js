// What Streamlit leaves without a name or too narrow gets one, for those who listen to the page and those who look.
const LABELLED = ".task-list-item > input[type='checkbox']";
const STREAMLITS = {
  "streamlit run yourscript.py": "chatapp up",
  "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:":
    "The page's server does not answer. Where it was stopped, start it again in your terminal:",
};
const ANNOUNCED_CHARS = 5000;
const CELL_CHARS = 18; // as wide as this is a cell that has as many; the table scrolls then

const each = (element, selector, act) => {
  for (const found of [element, ...element.querySelectorAll(selector)]) if (found.matches(selector)) act(found);
};

const rename = (element) => {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const ours = STREAMLITS[texts.currentNode.data.trim()];
    if (ours) texts.currentNode.data = ours;
  }
};

const name = (element) => {
  each(element, LABELLED, (box) => box.setAttribute("aria-label", box.parentElement.innerText.trim()));
  each(element, "[data-testid='stCode'] code[class*='language-']", (code) => {
    const language = [...code.classList].find((word) => word.startsWith("language-"));
    code.closest("[data-testid='stCode']").dataset.language = language.slice("language-".length);
  });
  // What scrolls sideways can be reached without a mouse.
  each(element, "[data-testid='stChatMessage'] :is(table, .katex-display, pre)", (wide) => { wide.tabIndex = 0; });
  each(element, "[data-testid='stChatMessage'] :is(td, th)", (cell) => {
    cell.style.minWidth = `${Math.min(cell.textContent.length, CELL_CHARS)}ch`;
  });
  if (element.closest("[role='dialog']") || element.querySelector("[role='dialog']")) rename(element);
};

// An answer is announced once, when it is whole.
const announcer = document.createElement("div");
announcer.setAttribute("role", "status");
announcer.className = "announcer";
const announce = () => {
  const answers = document.querySelectorAll("[aria-label='Chat message from assistant']");
  const parts = answers[answers.length - 1]?.querySelectorAll(":scope > .said") ?? [];
  announcer.textContent = [...parts].map((part) => part.innerText).join("\n").slice(0, ANNOUNCED_CHARS);
};

let wasAnswering = false;
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) if (node instanceof Element) name(node);
  }
  if (!announcer.isConnected && document.body) document.body.append(announcer);
  const isAnswering = document.querySelector("[class*='st-key-live-']") !== null;
  if (wasAnswering && !isAnswering) setTimeout(announce, 500);
  wasAnswering = isAnswering;
}).observe(document, { childList: true, subtree: true });

// Arabic, Hebrew and Persian run from right to left, with their lists and tables: each block as its first letter says.
// Code is written from left to right in all of them, and does not decide about the words around it.
const BLOCKS = "p, h1, h2, h3, h4, h5, h6, ul, ol, table, blockquote, [data-testid='stText'], textarea";
const PLACES = "[data-testid='stChatMessage'], [data-testid='stChatInput'], [data-testid='stSidebar'], [data-testid='stTextArea']";

const direct = (element, selector, direction) => {
  for (const found of [element, ...element.querySelectorAll(selector)]) {
    if (found.matches(selector) && !found.dir && found.closest(PLACES)) found.dir = direction;
  }
};

new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (!(node instanceof Element)) continue;
      direct(node, "code, pre, .katex", "ltr");
      direct(node, BLOCKS, "auto");
    }
  }
}).observe(document, { childList: true, subtree: true });

// The language that the page is in, and which way its parts run. Python tells the words that the scripts say.
{
  const tell = ({ lang, dir, words }) => {
    Object.assign(document.documentElement, { lang, dir });
    globalThis.words = words;
  };
  tell(JSON.parse(document.querySelector("meta[name='words']").content));

  // t(words, { name }) is what the page says in its language; a table marks its words with later(words).
  globalThis.t = (message, values = {}) =>
    (globalThis.words[message] ?? message).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
  globalThis.later = (message) => message;

  // Who reads has chosen another language.
  let wanted = document.documentElement.lang;
  new MutationObserver(async () => {
    const marks = document.querySelectorAll(".wishes"); // the settings, where they are open, have their own
    const language = marks[marks.length - 1]?.dataset.language ?? wanted;
    if (language === wanted) return;
    wanted = language;
    const response = await fetch(`./app/words/${language}`);
    if (!response.ok || language !== wanted) return;
    tell(await response.json());
    document.dispatchEvent(new Event("chatapp:language")); // see naming.js
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-language"] });
}

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

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

// Arabic, Hebrew and Persian run from right to left: each block as its first letter says. The renderer says it of messages.
const BLOCKS = "p, h1, h2, h3, h4, h5, h6, textarea";
const PLACES = "[data-testid='stChatInput'], [data-testid='stSidebar'], [data-testid='stTextArea']";

new MutationObserver((changes) => {
  for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
    if (!(node instanceof Element)) continue;
    for (const block of [node, ...node.querySelectorAll(BLOCKS)]) {
      if (block.matches(BLOCKS) && !block.dir && block.closest(PLACES)) block.dir = "auto";
    }
  }
}).observe(document, { childList: true, subtree: true });

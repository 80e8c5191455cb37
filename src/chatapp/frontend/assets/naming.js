// What Streamlit leaves without a name gets one, for those who listen to the page.
const STREAMLITS = {
  "streamlit run yourscript.py": "chatapp up",
  "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:":
    later("The page's server does not answer. Where it was stopped, start it again in your terminal:"),
  "Streamlit server is not responding. Are you connected to the internet?":
    later("The page's server does not answer. This page goes on by itself as soon as it does."),
  "Connection error": later("Connection error"),
};
// Words of Streamlit's own and of our renderer, which know no language but English.
const CHROME = new Set([
  later("About"),
  later("Choose an option"),
  later("Chosen"),
  later("Close"),
  later("Collapse sidebar"),
  later("Copied"),
  later("Copy"),
  later("Copy to clipboard"),
  later("Copy version to clipboard"),
  later("Dark"),
  later("Decrement"),
  later("Drag and drop file here"),
  later("Drag and drop files here"),
  later("Expand sidebar"),
  later("Footnotes"),
  later("Hide password"),
  later("Increment"),
  later("Light"),
  later("Main menu"),
  later("No results"),
  later("Open"),
  later("Picture"),
  later("Press Enter to apply"),
  later("Press Enter to submit form"),
  later("Remove file"),
  later("Send message"),
  later("Show as a picture"),
  later("Show password"),
  later("Sidebar"),
  later("Skip to main content"),
  later("System"),
  later("Theme"),
  later("Upload"),
  later("Upload files"),
  later("Wrap"),
  later("done"),
  later("file upload"),
  later("not done"),
]);
const NAMES = ["placeholder", "title", "aria-label"];
const PLACES_OF_CHROME = ".said button, [data-testid='stMultiSelectDropdown'], [data-testid^='stFileUploader'], [data-testid='InputInstructions'], [data-testid='stMainMenuList'], .stApp > a, #root > a, a[href='#stMain']";
const NAMES_OF_OTHERS = ".st-key-history, .said, [class*='st-key-file-']"; // what these are called is nobody's to translate
const BOXES = { Done: later("done"), Open: later("not done") }; // of a list of tasks
const ANNOUNCED_CHARS = 5000;

const isEnglish = () => document.documentElement.lang === "en";

const each = (element, selector, act) => {
  for (const found of [element, ...element.querySelectorAll(selector)]) if (found.matches(selector)) act(found);
};

// Both stay as long as nobody writes something else there: who chooses another language meets our words of the one before.
const written = new WeakMap(); // by node, of each part of it, the English that stood there and the words put in its place

const translated = (node, part, found, inWords) => {
  const known = written.get(node)?.[part];
  const english = known?.ours === found ? known.english : found;
  const ours = inWords(english);
  if (ours === undefined) return found;
  written.set(node, { ...written.get(node), [part]: { english, ours } });
  return ours;
};

const textsOf = function* (node) {
  if (node instanceof Text) yield node;
  const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) yield texts.currentNode;
};

const replace = (text, inWords) => {
  const ours = translated(text, "data", text.data, inWords);
  if (ours !== text.data) text.data = ours;
};

const rename = (element) => {
  for (const text of textsOf(element)) replace(text, (english) => STREAMLITS[english.trim()] && t(STREAMLITS[english.trim()]));
};

// Of what is said, only the titles of links are others'.
const isOthers = (named, it) => named.closest(NAMES_OF_OTHERS) && !(it === "aria-label" && named.closest(".said"));
const ofBox = (english) => (isEnglish() ? english : BOXES[english] && t(BOXES[english]));

const ofChrome = (english) => {
  if (CHROME.has(english)) return t(english);
  if (english?.startsWith("Help for ")) return t("Help for {what}", { what: english.slice("Help for ".length) });
  if (english?.startsWith("Footnote ")) return t("Footnote {number}", { number: english.slice("Footnote ".length) });
  if (english?.endsWith(" per file")) return t("{size} per file", { size: english.slice(0, -" per file".length) });
  if (english?.startsWith("You can only select up to ")) {
    return t("No more than {count} can be chosen. Remove one first.", { count: parseInt(english.slice(26), 10) });
  }
};

const translate = (node) => {
  if (node instanceof Element) {
    each(node, NAMES.map((it) => `[${it}]`).join(), (named) => {
      for (const it of NAMES) {
        if (isOthers(named, it)) continue;
        const said = named.getAttribute(it);
        const ours = translated(named, it, said, named.matches(".box") ? ofBox : ofChrome);
        if (ours !== said) named.setAttribute(it, ours);
      }
    });
  }
  for (const text of textsOf(node)) if (text.parentElement?.closest(PLACES_OF_CHROME)) replace(text, ofChrome);
};

const name = (element) => {
  each(element, "[aria-label$=' icon']", (icon) => { // beside words that say it, or a mark
    if (icon.getAttribute("aria-label") === "check icon") icon.setAttribute("aria-label", later("Chosen"));
    else icon.setAttribute("aria-hidden", "true");
  });
  if (!isEnglish()) translate(element);
  each(element, "[data-testid='stFileUploaderDropzone'][role='presentation']", (zone) => zone.removeAttribute("role"));
  each(element, ".stToast", (toast) => toast.setAttribute("aria-label", toast.querySelector("p")?.innerText ?? ""));
  // What scrolls sideways can be reached without a mouse.
  each(element, "[data-testid='stCode'] pre", (wide) => { wide.tabIndex = 0; });
  if (element.closest("[role='dialog']") || element.querySelector("[role='dialog']")) rename(element);
};

// An answer is announced once, when it is whole.
const announcer = document.createElement("div");
announcer.setAttribute("role", "status");
announcer.className = "announcer";
const announce = () => {
  const answers = document.querySelectorAll("article.answer");
  const parts = answers[answers.length - 1]?.querySelectorAll(":scope > .said") ?? [];
  announcer.textContent = [...parts].map((part) => part.innerText).join("\n").slice(0, ANNOUNCED_CHARS);
};

document.addEventListener("chatapp:answered", () => setTimeout(announce, 500)); // see done.js
new MutationObserver((changes) => {
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (node instanceof Element) name(node);
      else if (node instanceof Text && !isEnglish()) translate(node);
    }
  }
  if (!announcer.isConnected && document.body) document.body.append(announcer);
  // Nothing of it stays for whoever comes after a sign-out.
  if (announcer.textContent && !document.querySelector("article.answer")) announcer.textContent = "";
}).observe(document, { childList: true, subtree: true });
document.addEventListener("chatapp:language", () => {
  translate(document.documentElement);
  for (const dialog of document.querySelectorAll("[role='dialog']")) rename(dialog);
});

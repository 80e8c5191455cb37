// What lies over the page is outside of what Streamlit gives its theme to, and would have the colours of the system.
const takeColours = () => {
  const page = document.querySelector(".stApp");
  if (page) document.documentElement.style.colorScheme = getComputedStyle(page).colorScheme;
};
new MutationObserver((changes) => changes.some(({ target }) => target === document.body) && takeColours()).observe(
  document,
  { childList: true, subtree: true },
);
const DRAWN_MS = 200; // after which the page has taken other colours
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(takeColours, DRAWN_MS));

// What its reader wants of the page is remembered by their browser, for a year.
const YEAR_S = 365 * 24 * 60 * 60;
let wished;
new MutationObserver(() => {
  const marks = document.querySelectorAll(".wishes"); // the settings, where they are open, have their own
  const { name, text } = marks[marks.length - 1]?.dataset ?? {};
  if (text === undefined || text === wished) return;
  wished = text;
  const isSecure = location.protocol === "https:";
  document.cookie = `${name}=${text}; path=/; max-age=${text ? YEAR_S : 0}; samesite=strict${isSecure ? "; secure" : ""}`;
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-text"] });

// Light or dark is Streamlit's to choose, in its menu; the settings' buttons choose there.
const look = () => {
  try {
    return JSON.parse(localStorage.getItem("stActiveTheme-/-v2")) ?? "System";
  } catch {
    return "System";
  }
};
const markLook = () => {
  for (const button of document.querySelectorAll(".looks button")) {
    button.setAttribute("aria-pressed", button.dataset.look === look());
  }
};
const choose = (name, tries) => {
  const entry = document.querySelector(`[data-testid="stMainMenuItem-theme-${name}"]`);
  if (!entry && tries) return requestAnimationFrame(() => choose(name, tries - 1));
  entry?.click();
  document.querySelector("[data-testid='stMainMenu'] button[aria-expanded='true']")?.click();
  document.documentElement.classList.remove("changing-look");
  setTimeout(markLook);
  setTimeout(takeColours, DRAWN_MS);
};
document.addEventListener("click", ({ target }) => {
  const wanted = target instanceof Element && target.closest(".looks button");
  if (!wanted) return;
  document.documentElement.classList.add("changing-look");
  document.querySelector("[data-testid='stMainMenu'] button")?.click();
  choose(wanted.dataset.look, 60);
});
new MutationObserver(markLook).observe(document, { childList: true, subtree: true });

// Arrows go through the list, Home and End to its ends; right leads to what can be done with a conversation.
const ROWS = "[class*='st-key-project-open-'] button, [class*='st-key-open-'] button, [class*='st-key-choose-'] input";
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (!(target instanceof Element) || event.ctrlKey || event.altKey || event.metaKey) return;
  const rows = [...document.querySelectorAll(ROWS)];
  const row = target.closest("[class*='st-key-row-'], .st-key-current-row");
  const place = rows.indexOf(row?.querySelector(ROWS) ?? target);
  const isSearch = target.matches(".st-key-search input");
  if (key === "Escape" && target.closest(".st-key-chosen, [class*='st-key-choose-']")) {
    event.preventDefault();
    return document.querySelector(".st-key-choose-end button").click();
  }
  if (place < 0 && !(isSearch && key === "ArrowDown")) return;
  const last = rows.length - 1;
  const next = {
    ArrowDown: rows[Math.min(place + 1, last)],
    ArrowUp: place > 0 ? rows[place - 1] : document.querySelector(".st-key-search input"),
    Home: rows[0],
    End: rows[last],
    ArrowRight: row?.querySelector("[class*='st-key-menu-'] button"),
    ArrowLeft: rows[place],
  }[key];
  if (!next || target.getAttribute("aria-expanded") === "true") return;
  event.preventDefault();
  next.focus();
});

// What makes the sidebar wider measures from the left; from right to left it is told the mirrored way of the hand.
let takenAt;
addEventListener("mousedown", ({ target, clientX }) => {
  const handle = target instanceof Element && target.closest("[data-testid='stSidebar'] > div:not([data-testid])");
  takenAt = handle && document.documentElement.dir === "rtl" ? clientX : undefined;
}, { capture: true });
addEventListener("mousemove", (event) => {
  if (takenAt === undefined || !event.isTrusted) return;
  event.stopImmediatePropagation();
  const { target, clientX, clientY, buttons } = event;
  target.dispatchEvent(new MouseEvent("mousemove", { bubbles: true, clientX: 2 * takenAt - clientX, clientY, buttons }));
}, { capture: true });
addEventListener("mouseup", () => { takenAt = undefined; }, { capture: true });

// Where a search is ended nothing is marked any more.
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest(".st-key-hit-close")) CSS.highlights?.delete("found");
});

// On a narrow screen the sidebar lies over the page: it begins closed, and whoever has chosen there wants to see it.
// What is closed there is open again where there is room, if it was before.
const narrow = window.matchMedia("(max-width: 768px)");
const EXPAND = '[data-testid="stExpandSidebarButton"]';
const forgetSidebar = () => {
  for (const key of Object.keys(localStorage)) if (key.startsWith("stSidebarCollapsed-")) localStorage.removeItem(key);
};
let wasOpen = true;
if (narrow.matches) forgetSidebar();
narrow.addEventListener("change", () => {
  if (narrow.matches) wasOpen = !document.querySelector(EXPAND);
  else {
    forgetSidebar();
    if (wasOpen) document.querySelector(EXPAND)?.click();
  }
});
addEventListener("pagehide", () => narrow.matches && forgetSidebar());
const CHOICES = '[class*="st-key-open-"], .st-key-new, .st-key-usage-open, .st-key-settings-open';
document.addEventListener("click", (event) => {
  const isChoice = event.target instanceof Element && event.target.closest(CHOICES);
  if (!isChoice || !narrow.matches) return;
  setTimeout(() => document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click());
}, { capture: true });

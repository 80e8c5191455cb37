// What lies over the page is outside of what Streamlit gives its theme to, and would have the colours of the system.
new MutationObserver((changes) => {
  const page = document.querySelector(".stApp");
  if (page && changes.some(({ target }) => target === document.body)) {
    document.documentElement.style.colorScheme = getComputedStyle(page).colorScheme;
  }
}).observe(document, { childList: true, subtree: true });

// Where a search is ended nothing is marked any more.
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest(".st-key-hit-close")) CSS.highlights?.delete("found");
});

// On a narrow screen the sidebar lies over the conversation: whoever has chosen one wants to see it.
document.addEventListener("click", (event) => {
  const isChoice = event.target instanceof Element && event.target.closest('[class*="st-key-open-"], .st-key-new');
  if (!isChoice || !window.matchMedia("(max-width: 768px)").matches) return;
  document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
});

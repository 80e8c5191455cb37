// An answer that ends while its reader looks elsewhere marks the tab, and the installed app, until they are back.
// Where the browser was allowed to, it tells them outside of the page; what was answered is not in it.
const MARK = "✓ ";
let wasAnswering = false;
let isUnread = false;

const title = () => {
  const shown = document.title.startsWith(MARK) ? document.title.slice(MARK.length) : document.title;
  const wanted = isUnread ? MARK + shown : shown;
  if (document.title !== wanted) document.title = wanted;
};

const tell = () => {
  isUnread = true;
  title();
  navigator.setAppBadge?.().catch(() => {});
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const notice = new Notification("chatapp", { body: t("Your answer is there."), icon: "./app/icon.svg", tag: "answer" });
  notice.addEventListener("click", () => { window.focus(); notice.close(); });
};

// It stands behind the messages that are finished, which are many: those are not looked through.
const isInTheMaking = () => document.querySelector(".st-key-finished")?.nextElementSibling?.querySelector("[class*='st-key-live-']");

new MutationObserver(() => {
  const isAnswering = Boolean(isInTheMaking());
  if (wasAnswering && !isAnswering) {
    document.dispatchEvent(new Event("chatapp:answered"));
    if (!document.hasFocus()) tell();
  }
  wasAnswering = isAnswering;
  if (isUnread) title(); // Streamlit writes it anew
}).observe(document, { childList: true, subtree: true });

const seen = () => {
  if (!isUnread) return;
  isUnread = false;
  title();
  navigator.clearAppBadge?.().catch(() => {});
};
window.addEventListener("focus", seen);
document.addEventListener("pointerdown", seen);

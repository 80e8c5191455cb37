// Browsers offer navigator.clipboard only over HTTPS and on localhost. Elsewhere, as on http in a local network,
// Streamlit's copy buttons would do nothing; this gives them the older way.
if (!navigator.clipboard) {
  const writeText = async (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (!copied) throw new Error(t("The browser does not allow copying."));
  };
  Object.defineProperty(navigator, "clipboard", { value: { writeText } });
}

// The button under an answer copies it as the model wrote it.
document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("button.copy");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 2000);
});

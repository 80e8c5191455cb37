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
    if (!copied) throw new Error("The browser does not allow copying.");
  };
  Object.defineProperty(navigator, "clipboard", { value: { writeText } });
}

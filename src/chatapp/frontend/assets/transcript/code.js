// The buttons on code and footnotes, wherever they are.
const codeOf = (button) => button.closest("figure").querySelector("code");

const copy = async (button) => {
  await navigator.clipboard.writeText(codeOf(button).textContent);
  button.textContent = later("Copied"); // naming.js translates it
  setTimeout(() => { button.textContent = later("Copy"); }, 2000);
};

export const wrap = (figure) => {
  const isWrapped = figure.classList.toggle("wrapped");
  figure.querySelector(".wrap").setAttribute("aria-pressed", String(isWrapped));
};

const showNote = (button) => {
  const note = button.closest(".said").querySelectorAll(".footnotes li")[Number(button.textContent) - 1];
  note?.scrollIntoView({ block: "nearest" });
  note?.focus({ preventScroll: true });
};

// Does what a button in a message's words stands for; `act` takes what Python has to do.
export const clickInWords = (button, act) => {
  const { classList } = button;
  if (classList.contains("copy-code")) copy(button);
  else if (classList.contains("wrap")) wrap(button.closest("figure"));
  else if (classList.contains("note")) showNote(button);
  else if (classList.contains("picture")) act({ do: "picture", text: codeOf(button).textContent });
};

// Who acts on a message by keyboard stays at it where it is drawn anew: on the same button, or the first that it has.
// Where it is gone, what is typed goes into the box; so it does where another answer was asked for, however fast it came,
// and where one of several was kept.
const OTHER_WAY = { older: "newer", newer: "older" }; // where there is none further
const LEAVES = ["regenerate", "keep"];
const BOX = "[data-testid='stChatInputTextArea']";
const buttonsOf = (holder) => [...(holder?.querySelectorAll("button:enabled, summary") ?? [])];
const box = () => (window.matchMedia("(pointer: coarse)").matches ? null : document.querySelector(BOX));

const focusedIn = (root) => {
  const { activeElement } = document;
  if (!root.contains(activeElement)) return null;
  const slots = [...root.querySelectorAll(".slot")];
  const id = activeElement.closest("[data-id]")?.dataset.id;
  return { id, what: activeElement.dataset.do, place: slots.findIndex((slot) => slot.contains(activeElement)) };
};

export const keepFocus = (root, change) => {
  const was = focusedIn(root);
  change();
  if (!was?.what || document.activeElement !== document.body) return;
  const holders = was.id ? [...root.querySelectorAll(`[data-id="${CSS.escape(was.id)}"]`)] : [];
  const there = root.querySelectorAll(".slot")[was.place];
  const buttons = LEAVES.includes(was.what) ? [] : [...holders.reverse(), there].flatMap(buttonsOf);
  const named = (what) => buttons.find(({ dataset }) => dataset.do === what);
  const next = named(was.what) ?? named(OTHER_WAY[was.what] ?? "") ?? buttons[0] ?? box();
  next?.focus({ preventScroll: true });
};

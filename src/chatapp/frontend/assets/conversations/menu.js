// The menu of a conversation in the list: one for all rows, above whatever else is there.
class Menu {
  constructor() {
    this.element = Object.assign(document.createElement("div"), { className: "row-menu", popover: "manual" });
    this.element.setAttribute("role", "menu");
    this.element.addEventListener("keydown", (event) => this.press(event));
    this.outside = (event) => !this.element.contains(event.target) && !this.button.contains(event.target) && this.close();
    this.away = () => this.close();
  }

  toggle(button, entries, choose) {
    const isOpen = this.button === button;
    this.close();
    if (isOpen) return;
    this.button = button;
    this.element.replaceChildren(...entries.map(([what, name]) => {
      const entry = Object.assign(document.createElement("button"), { type: "button", textContent: name, tabIndex: -1 });
      entry.setAttribute("role", "menuitem");
      entry.addEventListener("click", ({ detail }) => {
        this.close();
        if (!detail) button.focus(); // by the keyboard, which goes on from there; a hand goes on to type
        choose(what, !detail);
      });
      return entry;
    }));
    button.setAttribute("aria-expanded", "true");
    this.element.setAttribute("aria-label", button.getAttribute("aria-label"));
    button.closest(".rows").append(this.element); // outside of the sidebar a tap would close that, on a phone
    this.element.showPopover();
    const place = button.getBoundingClientRect();
    const { offsetHeight, offsetWidth } = this.element;
    const isAbove = place.bottom + offsetHeight > innerHeight && place.top > offsetHeight;
    this.element.style.top = `${isAbove ? place.top - offsetHeight : place.bottom}px`;
    this.element.style.left = `${Math.max(8, Math.min(place.right - 32, innerWidth - offsetWidth - 8))}px`;
    this.element.firstChild?.focus();
    document.addEventListener("pointerdown", this.outside, { capture: true });
    addEventListener("resize", this.away);
  }

  // Come back into the list, which was drawn anew below it.
  stay(entry) {
    this.button.closest(".rows").append(this.element);
    this.element.showPopover();
    if (this.element.contains(entry)) entry.focus();
  }

  press(event) {
    const entries = [...this.element.children];
    const place = entries.indexOf(document.activeElement);
    const next = {
      ArrowDown: entries[(place + 1) % entries.length],
      ArrowUp: entries[(place + entries.length - 1) % entries.length],
      Home: entries[0],
      End: entries[entries.length - 1],
    }[event.key];
    if (next) next.focus();
    else if (["Escape", "Tab", "ArrowLeft"].includes(event.key)) {
      const button = this.button;
      this.close();
      button.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    if (!this.button) return;
    this.button.setAttribute("aria-expanded", "false");
    this.button = undefined;
    this.element.remove();
    document.removeEventListener("pointerdown", this.outside, { capture: true });
    removeEventListener("resize", this.away);
  }
}

export const menu = new Menu();

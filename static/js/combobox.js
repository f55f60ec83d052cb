"use strict";
// A search box with a list under it, worked by keyboard or by hand (ARIA's combobox
// pattern). htmx fetches the list while somebody types; this opens it, walks it,
// and puts what is picked into the form. Without this file the box is a search form
// that answers with radio buttons.

for (const box of document.querySelectorAll("[data-combobox]")) {
  const form = box.closest("form");
  const chosen = document.getElementById(box.dataset.combobox);
  const status = form.querySelector("[role=status]");
  const list = () => form.querySelector("[role=listbox]");
  const options = () => [...form.querySelectorAll("[role=option]:not([aria-disabled])")];
  const active = () => form.querySelector("[role=option][aria-selected=true]");

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-haspopup", "listbox");
  box.setAttribute("aria-controls", list().id);
  show(false);

  function show(open) {
    open = open && options().length > 0;
    list().hidden = !open;
    box.setAttribute("aria-expanded", String(open));
    if (!open) mark(null);
  }
  function mark(option) {
    active()?.setAttribute("aria-selected", "false");
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      box.setAttribute("aria-activedescendant", option.id);
    } else {
      box.removeAttribute("aria-activedescendant");
    }
  }
  function step(by) {
    if (list().hidden) show(true);
    const all = options();
    if (!all.length) return;
    const at = all.indexOf(active());
    mark(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
  }
  function pick(option) {
    box.value = option.dataset.name;
    document.getElementById("customer-choices").querySelectorAll("fieldset, button, .form-error").forEach((part) => part.remove());
    chosen.querySelector("[data-name]").textContent = option.dataset.name;
    chosen.querySelector("[data-note]").textContent = option.dataset.note;
    const input = chosen.querySelector("input");
    input.value = option.dataset.value;
    input.disabled = false;
    chosen.hidden = false;
    show(false);
    status.textContent = option.dataset.name + " is chosen.";
  }

  box.addEventListener("input", () => { // whoever was chosen is not whom the box names any more
    chosen.hidden = true;
    chosen.querySelector("input").disabled = true;
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const all = options();
      const option = active() || (!list().hidden && all.length === 1 && all[0]);
      if (option) pick(option);
    } else if (event.key === "Escape" && !list().hidden) {
      show(false);
    } else {
      return;
    }
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("mousedown", (event) => { // the box keeps the focus
    if (event.target.closest("[role=listbox]")) event.preventDefault();
  });
  form.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]:not([aria-disabled])");
    if (option) pick(option);
  });
  form.addEventListener("focusout", () => show(false));
  document.addEventListener("htmx:after:swap", () => {
    const said = form.querySelector("[data-says]");
    if (!said || said.dataset.heard) return; // something else was swapped
    said.dataset.heard = "yes";
    status.textContent = said.dataset.says;
    show(document.activeElement === box);
  });
}

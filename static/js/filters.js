// Filters of a list apply when they change, and fold on a phone. Without script a list has its
// button, and filters are open.
"use strict";

(() => {
  // Arrow keys change a select at each press, and typing changes a date at each digit. Such a
  // change applies when the field is left.
  let byKey = false;
  let changed = null;
  document.addEventListener("keydown", () => { byKey = true; }, true);
  document.addEventListener("pointerdown", () => { byKey = false; }, true);

  const kept = "filter-focus";
  function apply(field) {
    changed = null;
    try { sessionStorage.setItem(kept, field.id); } catch { /* focus is not kept, then */ }
    field.form.requestSubmit();
  }
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.form?.hasAttribute("data-applies") || !field.matches("select, input[type=date]")) return;
    if (field.matches("select") && !byKey) apply(field);
    else changed = field;
  });
  document.addEventListener("focusout", (event) => {
    if (event.target !== changed) return;
    const to = event.relatedTarget;
    if (to && to.form === changed.form) return; // the form is still being filled in: its button applies
    apply(changed);
  });

  let last = null;
  try {
    last = sessionStorage.getItem(kept);
    sessionStorage.removeItem(kept);
  } catch { /* nothing is kept */ }
  const field = last && document.getElementById(last);
  if (field?.form?.hasAttribute("data-applies")) field.focus({ preventScroll: true });

  if (matchMedia("(max-width: 575.98px)").matches) {
    for (const fold of document.querySelectorAll("details[data-folds]")) {
      fold.open = false;
      fold.classList.add("as-sheet"); // opened, it lies over the page; its summary is what is behind it
    }
    document.addEventListener("keydown", (event) => {
      const sheet = event.key === "Escape" && document.querySelector("details.as-sheet[open]");
      if (!sheet) return;
      sheet.open = false;
      sheet.querySelector("summary").focus();
    });
  }
})();

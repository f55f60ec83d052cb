// A page with changes that are not saved asks before it is left. It concerns forms that are
// marked with data-unsaved.
"use strict";

(() => {
  let sent = false;

  function isChanged(field) {
    if (!field.name || field.matches("button, [type=hidden], [type=submit]")) return false;
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    if (field.matches("select")) {
      const usual = [...field.options].filter((option) => option.defaultSelected);
      return field.value !== (usual.at(-1) ?? field.options[0])?.value;
    }
    if (field.matches("[type=file]")) return field.files.length > 0;
    return "defaultValue" in field && field.value !== field.defaultValue;
  }
  // A form that shows mistakes was sent and refused: what it holds is not saved either.
  function isUnsaved(form) {
    return form.querySelector(".form-error") !== null || [...form.elements].some(isChanged);
  }
  const forms = () => [...document.querySelectorAll("form[data-unsaved]")];

  function mark() {
    for (const form of forms()) form.toggleAttribute("data-changed", isUnsaved(form));
  }
  document.addEventListener("input", mark);
  document.addEventListener("change", mark);
  mark();

  document.addEventListener("submit", (event) => {
    if (event.target.hasAttribute("data-unsaved")) sent = true;
  }, true);
  // A form that htmx sends stays on the page where it is refused.
  document.addEventListener("htmx:finally:request", (event) => {
    const status = event.detail?.ctx?.response?.status;
    if (status === undefined || (status >= 400 && status !== 401)) sent = false;
  });
  addEventListener("pageshow", () => { sent = false; });

  addEventListener("beforeunload", (event) => {
    if (!sent && forms().some(isUnsaved)) event.preventDefault();
  });
})();

// Rows of a table are selected by their boxes, with Shift from one to another, or all at once.
// What can be done with them is in a bar at the bottom, so that no row moves.
"use strict";

(() => {
  const formOf = (element) => element.closest?.("[data-selects]");
  const boxesOf = (form) => [...form.querySelectorAll(`tbody input[name="${form.dataset.selects}"]`)];
  const barOf = (form) => document.getElementById(form.dataset.bar);
  const which = (form) => form.elements.namedItem("which");
  let last = null; // the box that was clicked last

  // show brings the bar and the box of the head up to date.
  function show(form) {
    const boxes = boxesOf(form);
    const count = boxes.filter((box) => box.checked).length;
    const head = form.querySelector("[data-selects-page]");
    const bar = barOf(form);
    head.hidden = false;
    head.checked = count > 0 && count === boxes.length;
    head.indeterminate = count > 0 && count < boxes.length;
    for (const box of boxes) box.closest("tr").classList.toggle("row-selected", box.checked);
    const whole = which(form).value === "match";
    bar.hidden = count === 0;
    const words = bar.querySelector("[data-count]");
    words.textContent = whole ? words.dataset.all : (count === 1 ? words.dataset.one : words.dataset.many.replace("{n}", String(count)));
    const all = bar.querySelector("[data-select-all]");
    if (all) all.hidden = whole;
  }
  // only selects no more than the boxes that are ticked.
  function only(form) {
    which(form).value = "ticked";
  }

  document.addEventListener("click", (event) => {
    const box = event.target;
    const form = box instanceof HTMLInputElement && box.type === "checkbox" ? formOf(box) : null;
    if (form && box.name === form.dataset.selects) {
      const boxes = boxesOf(form);
      const from = boxes.indexOf(last);
      if (event.shiftKey && from >= 0) {
        const to = boxes.indexOf(box);
        for (const one of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
      }
      last = box;
      return;
    }
    const button = event.target instanceof Element ? event.target.closest("[data-select-all], [data-select-none]") : null;
    if (!button) return;
    const of = button.form;
    const all = button.matches("[data-select-all]");
    for (const one of boxesOf(of)) one.checked = all;
    which(of).value = all ? "match" : "ticked";
    show(of);
    (all ? barOf(of).querySelector("[name=do]") : of.querySelector("[data-selects-page]")).focus();
  });
  document.addEventListener("change", (event) => {
    const box = event.target;
    const form = box instanceof HTMLInputElement && box.type === "checkbox" ? formOf(box) : null;
    if (!form) return;
    if (box.matches("[data-selects-page]")) for (const one of boxesOf(form)) one.checked = box.checked;
    only(form);
    show(form);
  });
  // The button of the bar must not be refused for a field that it does not need.
  function prepare() {
    for (const form of document.querySelectorAll("[data-selects]")) show(form);
  }
  document.addEventListener("htmx:after:swap", prepare);
  addEventListener("pageshow", prepare);
  prepare();
})();

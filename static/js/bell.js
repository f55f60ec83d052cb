// The bell shows what finished in the background. The title of the page shows the progress of
// the work that the page shows, otherwise how many notifications are new.
"use strict";

(() => {
  const title = document.title;
  const panel = document.getElementById("bell-panel");

  function retitle() {
    const progress = [...document.querySelectorAll("main progress")].find((bar) => bar.offsetParent && bar.value < bar.max);
    const fresh = document.querySelector(".bell-count")?.textContent ?? "";
    const mark = progress ? `${Math.floor((100 * progress.value) / progress.max)} % · ` : (fresh && `(${fresh}) `);
    if (document.title !== mark + title) document.title = mark + title;
  }
  document.addEventListener("htmx:after:swap", retitle);

  // open asks for the list, which marks it as seen, and shows it.
  async function open(button) {
    const body = new URLSearchParams(new FormData(button.form));
    let answer;
    try {
      answer = await fetch(button.form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
    } catch {
      return button.form.submit();
    }
    if (!answer.ok) return button.form.submit();
    panel.innerHTML = await answer.text();
    button.querySelector(".bell-count")?.remove();
    button.setAttribute("aria-label", button.title);
    panel.showPopover();
    panel.focus();
    retitle();
  }
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!panel || !(button instanceof HTMLElement) || !button.matches("[data-bell]")) return;
    event.preventDefault();
    if (panel.matches(":popover-open")) panel.hidePopover();
    else open(button);
  });
  panel?.addEventListener("toggle", (event) => {
    if (event.newState === "closed" && panel.contains(document.activeElement)) document.querySelector("[data-bell]")?.focus();
  });

  // A toast goes after eight seconds, unless it is pointed at, has the focus or is in a hidden window, and
  // comes once.
  const lasts = 8000;
  function seen(id) {
    try {
      const had = sessionStorage.getItem(`toast-${id}`);
      sessionStorage.setItem(`toast-${id}`, "shown");
      return Boolean(had);
    } catch {
      return false;
    }
  }
  function age() {
    for (const toast of document.querySelectorAll("#tray [data-toast]:not([data-ages])")) {
      if (seen(toast.dataset.toast)) {
        toast.remove();
        continue;
      }
      toast.setAttribute("data-ages", "");
      const end = () => {
        if (document.hidden || toast.matches(":hover, :focus-within")) setTimeout(end, 1000);
        else toast.remove();
      };
      setTimeout(end, lasts);
    }
  }
  document.addEventListener("htmx:after:swap", age);
  retitle();
})();

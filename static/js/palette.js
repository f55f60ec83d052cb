"use strict";
// The search palette: a dialog with a combobox and a listbox (ARIA's pattern). It asks for
// results while a person types, by POST, so that no address has the text. A text that may be
// a code is not sent before Enter; the server gives the forms of codes and refuses such a
// text as well.

// held reports whether a text may be a code, or most of one. codestore.Resembles has the
// same rule. This one is stricter: it holds each text that may be a whole code.
function held(text, forms) {
  const plain = text.normalize("NFKC");
  const digits = (plain.match(/\p{Nd}/gu) || []).length;
  const count = (plain.match(/[\p{L}\p{N}]/gu) || []).length;
  if (plain.includes("://") || plain.length > 120) return true;
  if (plain.includes("@") && !plain.includes("#")) return false;
  const words = !digits && /\p{L}.*\s.*\p{L}/su.test(plain);
  const named = /^\s*#?\p{Nd}{6,12}\s*[-–—/,:]\s*#?\p{Nd}[\p{Nd},.]{0,9}\s*$/u.test(plain);
  return forms.split(" ").some((form) => {
    const [, kind, from, to, symbols] = form.match(/^([gi])(\d+)-(\d+)(d?l?)$/) || [];
    if (!kind) return false;
    const imported = kind === "i";
    if (words && (imported || /[ilo]|[^\x00-\x7f]/i.test(plain))) return false;
    let least = Number(from) - Math.floor(Number(from) / 4);
    let found = count;
    if (imported) {
      if (count > Number(to) || (digits && !symbols.includes("d")) || (count > digits && !symbols.includes("l"))) return false;
    } else if (symbols.includes("l") && count === digits) {
      if (/[01]/.test(plain)) return false;
      least = Number(from);
    } else if (!symbols.includes("l")) {
      found = digits;
    }
    return found >= (named ? Number(from) : least);
  });
}

function singleKeys() {
  try { return localStorage.getItem("single-keys") !== "off"; } catch { return true; }
}
// typing reports whether a key belongs to a field, or to something over the page.
function typing(event) {
  return event.target instanceof Element && event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") || document.querySelector("dialog[open]");
}

const palette = document.getElementById("palette");
if (palette) {
  const form = palette.querySelector("form");
  const box = form.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  const status = palette.querySelector("[data-status]");
  const options = () => [...list.querySelectorAll("[role=option]")];
  const active = () => list.querySelector("[aria-selected=true]");
  let forms = null; // of codes; null before the first answer: nothing is sent until then
  let timer, request;

  const open = () => {
    if (document.querySelector("dialog[open]")) return;
    palette.showModal();
    box.select();
    ask(0);
  };
  const mark = (option, scrolls = true) => {
    active()?.setAttribute("aria-selected", "false");
    if (!option) {
      box.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", option.id);
    if (scrolls) option.scrollIntoView({ block: "nearest" });
  };
  const say = (message) => {
    for (const one of palette.querySelectorAll("[data-message]")) one.hidden = one.dataset.message !== message;
    if (message) status.textContent = palette.querySelector(`[data-message="${message}"]`).textContent.trim();
  };
  const empty = (message) => {
    list.replaceChildren();
    list.hidden = true;
    mark(null);
    box.setAttribute("aria-expanded", "false");
    say(message);
  };
  const show = (html, text) => {
    const answer = new DOMParser().parseFromString(html, "text/html").querySelector("[data-forms]");
    if (!answer) return empty("failed");
    forms = answer.dataset.forms;
    if (box.value !== text) return; // a later text has a request of its own
    if ("held" in answer.dataset) return empty("held");
    list.replaceChildren(...answer.children);
    const all = options();
    list.hidden = !all.length;
    list.scrollTop = 0;
    box.setAttribute("aria-expanded", String(all.length > 0));
    say(all.length > 1 || !text.trim() ? "" : "nothing");
    status.textContent = answer.dataset.says;
    mark(all.length > 1 || !text.trim() ? all[0] : null);
    palette.dataset.answered = text;
  };
  const send = async (text) => {
    request?.abort();
    request = new AbortController();
    try {
      const answer = await fetch(form.dataset.asks, { method: "POST", body: new URLSearchParams({ find: text }), headers: { "HX-Request": "true" }, signal: request.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.text(), text);
    } catch (error) {
      if (error.name !== "AbortError" && box.value === text) empty("failed");
    }
  };
  const ask = (wait) => {
    clearTimeout(timer);
    request?.abort();
    mark(null); // Enter opens no result of an earlier text
    delete palette.dataset.answered;
    const text = box.value;
    if (forms === null && text.trim()) { // the forms come first
      send("").then(() => { if (forms !== null) ask(0); });
    } else if (text.trim() && held(text, forms)) {
      empty("held");
    } else {
      timer = setTimeout(send, wait, text);
    }
  };
  const step = (to) => {
    const all = options();
    if (!all.length) return;
    const at = all.indexOf(active());
    const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, Home: 0, End: all.length - 1 }[to];
    mark(all[(next + all.length) % all.length]);
  };

  box.addEventListener("input", () => ask(150));
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey) {
      step(event.key);
    } else if (event.key === "Enter" && active()) {
      const chosen = active();
      if (!event.ctrlKey && !event.metaKey) palette.close();
      chosen.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey }));
    } else {
      return;
    }
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    request?.abort();
    if (!box.value.trim() || !palette.open) event.preventDefault(); // a result was opened already
    else palette.close();
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== active()) mark(option, false);
  });
  list.addEventListener("mousedown", (event) => { if (event.button === 0) event.preventDefault(); }); // the box keeps the focus
  palette.addEventListener("close", () => {
    clearTimeout(timer);
    request?.abort();
  });

  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-palette]")) open();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) palette.close();
      else open();
    } else if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && singleKeys() && !typing(event)) {
      event.preventDefault();
      open();
    }
  });
}

// The answer to a POST, and an address with what may be a code, leave the history: a reload
// sends no attempt again, and Back comes to an empty search.
if (document.querySelector("[data-forgets]")) history.replaceState(null, "", location.pathname);

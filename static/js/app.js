"use strict";
// Listeners only, on the document, so that fragments that come later need no
// wiring. Whatever a page does must also work without this file.

document.documentElement.classList.add("js");

// Dialogs and copying.
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("[data-opens], [data-closes], [data-copies], [data-theme], [data-dismisses], [data-prints]") : null;
  if (!target) return;
  if (target.dataset.opens) {
    document.getElementById(target.dataset.opens)?.showModal();
  } else if ("closes" in target.dataset) {
    target.closest("dialog")?.close();
  } else if (target.dataset.copies) {
    copy(target);
  } else if (target.dataset.theme) {
    setTheme(target.dataset.theme);
  } else if ("prints" in target.dataset) {
    print();
  } else if ("dismisses" in target.dataset) {
    target.closest(".toast-card, .notice")?.remove();
  }
});

// Parts of a form that matter only for one choice of a select, or some.
function fitChoices(root) {
  for (const part of root.querySelectorAll("[data-when]")) {
    part.hidden = !part.dataset.is.split(" ").includes(document.getElementById(part.dataset.when)?.value) && !part.querySelector(".form-error");
    if ("drops" in part.dataset) part.disabled = part.hidden; // its values are not sent
  }
  for (const part of root.querySelectorAll("[data-when-on]")) {
    part.hidden = !document.getElementById(part.dataset.whenOn)?.checked && !part.querySelector(".form-error");
    for (const secret of part.hidden ? part.querySelectorAll("[data-shows]") : []) document.getElementById(secret.dataset.shows).value = "";
  }
}
document.addEventListener("change", (event) => {
  if (event.target instanceof HTMLSelectElement || event.target.type === "checkbox") fitChoices(document.body);
});

// The mistake of a field goes when the field is changed. The server checks it again.
document.addEventListener("input", (event) => {
  const field = event.target.closest?.("form[data-mends] .field-wrong");
  if (!field) return;
  const control = event.target;
  const mistake = field.querySelector(".form-error");
  field.classList.remove("field-wrong");
  control.removeAttribute("aria-invalid");
  if (mistake) control.setAttribute("aria-describedby", (control.getAttribute("aria-describedby") ?? "").replace(mistake.id, "").trim());
  mistake?.remove();
  const summary = control.form.querySelector(".notice-bad");
  summary?.querySelector(`a[href="#${CSS.escape(control.id)}"]`)?.closest("li").remove();
  summary?.querySelector("strong")?.closest("p").remove(); // it counts the mistakes
  if (summary && !summary.querySelector("li")) summary.remove();
});

// A password can be looked at. It is one again before it is sent: browsers write
// down what stood in other fields.
function show(button, shown) {
  document.getElementById(button.dataset.shows).type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
}
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-shows]") : null;
  if (button) show(button, button.getAttribute("aria-pressed") !== "true");
});
document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("[data-shows]")) show(button, false);
}, true);

// An address may name a dialog: /admin/…/series/202611#void opens it, once.
function openNamed() {
  const named = document.getElementById(location.hash.slice(1));
  if (!(named instanceof HTMLDialogElement) || named.open) return;
  named.showModal();
  history.replaceState(history.state, "", location.pathname + location.search);
}
addEventListener("hashchange", openNamed);

// A click beside a dialog closes it.
document.addEventListener("mousedown", (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.close();
});


async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copies);
  } catch {
    return;
  }
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
}

// One press, one order: the key in the form guards the money, this guards the eye. The pressed
// button is not disabled, because the focus would fall to the body; the form sends nothing more
// until its answer is there.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ([...form.elements].some((one) => one.matches("button.waiting"))) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  const button = event.submitter;
  if (!button || !("once" in button.dataset)) return;
  button.classList.add("waiting");
  button.setAttribute("aria-disabled", "true");
  // The answer of a plain form is another page, or a file that is saved while this page stays.
  if (!form.matches("[hx-post], [data-upload]")) setTimeout(wake, 10_000, form);
}, true);
function wake(form) {
  for (const button of document.querySelectorAll("button.waiting")) {
    if (form && button.form !== form) continue;
    button.removeAttribute("aria-disabled");
    button.classList.remove("waiting");
  }
}
document.addEventListener("htmx:finally:request", (event) => {
  const form = event.detail.ctx?.sourceElement?.closest("form");
  if (form) wake(form);
});
addEventListener("pageshow", (event) => { if (event.persisted) wake(); });

// Theme.
function setTheme(theme) {
  try { localStorage.setItem("theme", theme); } catch { /* for this page only, then */ }
  showTheme(theme);
}
function showTheme(theme) {
  const dark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  for (const button of document.querySelectorAll("[data-theme]")) {
    button.classList.toggle("active", button.dataset.theme === theme);
  }
}
function theme() {
  try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; }
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (document.querySelector("[data-themes]")) showTheme(theme());
});

// A colour can be picked or typed: the field with its name is what counts.
document.addEventListener("input", (event) => {
  const picker = event.target.closest?.("[data-colours]");
  if (picker) document.getElementById(picker.dataset.colours).value = picker.value;
  const typed = document.querySelector(`[data-colours="${CSS.escape(event.target.id)}"]`);
  if (typed && /^#[0-9a-f]{6}$/i.test(event.target.value)) typed.value = event.target.value;
});

// What needs script is shown only where there is script.
function dress(root) {
  for (const picker of root.querySelectorAll("[data-colours]")) {
    const typed = document.getElementById(picker.dataset.colours).value;
    if (/^#[0-9a-f]{6}$/i.test(typed)) picker.value = typed;
    picker.hidden = false;
  }
  fitChoices(root);
  for (const element of root.querySelectorAll("[data-copies], [data-prints], [data-shows]")) element.hidden = false;
  for (const dialog of root.querySelectorAll("dialog[data-open]")) if (!dialog.open) dialog.showModal();
  root.querySelector("[data-focus]")?.focus();
}
document.addEventListener("htmx:after:swap", () => dress(document.body));

// A part of the page that refreshes itself goes round a form that a person is filling in, or
// that shows a mistake. Where the form is not in the refreshed part any more, the part stays
// as it is: what was typed is not taken away.
const texts = "input:not([type=hidden], [type=submit], [type=button], [type=checkbox], [type=radio]), textarea";
function inUse(form) {
  if (form.querySelector(".form-error, [aria-invalid=true]")) return true;
  if (document.activeElement?.form === form && document.activeElement.matches(`${texts}, select`)) return true;
  return [...form.elements].some((field) => {
    if (field.matches(texts)) return field.value !== field.defaultValue;
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    return field.matches("select") && field.value !== ([...field.options].findLast((option) => option.defaultSelected) ?? field.options[0])?.value;
  });
}
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const part = ctx.sourceElement;
  if (!part?.matches?.("[hx-get][hx-trigger*='from:body']")) return;
  for (const form of part.querySelectorAll("form")) {
    const used = inUse(form);
    form.toggleAttribute("data-in-use", used);
    if (used && !(form.id && ctx.text?.includes(`id="${form.id}"`))) event.preventDefault();
  }
});

// A refresh in the background works again: what it complained of has passed.
document.addEventListener("htmx:after:request", (event) => {
  if (event.detail.ctx?.response?.status < 400) document.querySelector("#notice [data-passing]")?.remove();
});

// The event stream connects again by itself once it stood; a first connection that
// failed it would give up.
for (const failure of ["htmx:error", "htmx:response:error"]) document.addEventListener(failure, (event) => {
  if (event.target.id !== "stream" || event.detail.ctx?.response?.status < 500) return;
  setTimeout(() => htmx.trigger(event.target, "connect"), 2000 + 2000 * Math.random()); // not all pages at once
});

// There are too many streams already: what the stream would have said is asked for.
for (const refused of ["htmx:response:error", "htmx:sse:error"]) document.addEventListener(refused, (event) => {
  if (event.target.id !== "stream" || (event.detail.ctx?.response?.status ?? event.detail.status) !== 429) return;
  const wait = refused === "htmx:sse:error" ? 0 : 15000 + 5000 * Math.random(); // a stream that stood tries again by itself
  setTimeout(() => {
    htmx.trigger(document.body, "resync");
    if (wait) htmx.trigger(event.target, "connect");
  }, wait);
});

// The page hears that its person may do nothing more here.
for (const why of ["signed-out", "factor-needed"]) document.addEventListener(why, () => {
  const notice = document.getElementById(why);
  if (notice) notice.hidden = false;
});

dress(document.body);
openNamed();
if (document.querySelector("[data-themes]")) showTheme(theme());

// Focus stays where a person was. Where a swap has removed the focused element, the element with
// the same id or the same name and label takes the focus, otherwise the part around it. What had
// the focus is noted when it gets it: at a swap it may be gone already, by another swap.
let focused = null;
const called = (one) => one.getAttribute("aria-label") ?? one.textContent.trim();
document.addEventListener("focusin", (event) => {
  const at = event.target;
  focused = { at, id: at.id, name: at.name ?? "", label: called(at), within: at.closest("[id]:not(form, input, button, select)")?.id };
});
document.addEventListener("pointerdown", (event) => { if (!focused?.at.contains(event.target)) focused = null; });
document.addEventListener("htmx:after:swap", () => {
  const was = focused;
  if (!was || was.at.isConnected || document.activeElement !== document.body) return;
  focused = null;
  const to = (was.id && document.getElementById(was.id))
    || [...document.querySelectorAll("main :is(button, a[href], input)")].find((one) => one.offsetParent && was.label && called(one) === was.label && (one.name ?? "") === was.name)
    || document.getElementById(was.within) || document.getElementById("main");
  if (!to.matches("a[href], button, input, select, textarea, [tabindex]")) to.tabIndex = -1;
  to.focus({ preventScroll: true });
});
// A clock beside a pause counts down. The time of its end is in the text, for those who have
// no script.
for (const clock of document.querySelectorAll("[data-wait]")) {
  const end = performance.now() + clock.dataset.wait * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    clock.textContent = left ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : clock.dataset.over;
    if (left) setTimeout(tick, 500);
  };
  tick();
}

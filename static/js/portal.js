"use strict";
// What the portal adds for those who have script: the code groups itself while it
// is typed, and a card's QR code fills it in. The code is never stored and never
// part of an address that a server sees: it travels in the fragment.

// A code leaves the address of the page, and what was sent leaves its entry in the
// history, before the browser writes either down.
const scanned = location.hash.length > 1 ? location.hash : "";
const form = document.querySelector("form[data-redeems]");
const scan = document.querySelector("[data-scan]");
const signIn = document.getElementById("signin-form");
if (form || scan || signIn) history.replaceState(null, "", location.pathname + location.search);

// A scanned card: on to the form, with the fragment.
if (scan && scanned) location.replace(scan.href + scanned);

// The sign-in on the way: browsers keep a fragment over the redirect that follows.
if (signIn && scanned) signIn.action += scanned;

// A form whose answer never came (a slow line, a reload, the way back) keeps its
// key, so that sending it again asks after the first time instead of redeeming
// anew. Any answer forgets it. The key is no secret and says nothing of the code.
const sent = "refill-sent";
function settle() {
  try {
    const typed = document.getElementById("redeem-form");
    const waiting = sessionStorage.getItem(sent);
    if (signIn || document.querySelector("#receipt, #redeem-form .form-error")) sessionStorage.removeItem(sent);
    else if (waiting && typed) typed.elements.key.value = waiting;
  } catch { /* storage is off: the card still moves its value once only */ }
}
settle();
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-redeems]") || event.submitter?.hasAttribute("formaction")) return;
  try { sessionStorage.setItem(sent, event.target.elements.key.value); } catch { /* as above */ }
});
// Back from the receipt to a page that the browser had kept: its key is spent.
if (form) addEventListener("pageshow", (event) => {
  try { if (event.persisted && !sessionStorage.getItem(sent)) location.reload(); } catch { /* as above */ }
});

// While an answer is awaited the form says so. Its buttons are not disabled, because the
// focus would fall to the body; a second press does nothing.
const slowAfter = 5000;
function wait(form, button) {
  if (!form || form.getAttribute("aria-busy") === "true") return;
  document.querySelector("#notice [data-lost]")?.remove();
  document.title = document.title.replace(wrong(), "");
  form.setAttribute("aria-busy", "true");
  for (const one of form.querySelectorAll("button")) one.setAttribute("aria-disabled", "true");
  if (button?.dataset.busy) {
    button.dataset.idle = button.textContent;
    button.textContent = button.dataset.busy;
  }
  form.slow = setTimeout(() => { form.querySelector("[data-slow]").textContent = form.querySelector("[data-slow]").dataset.slow; }, slowAfter);
}
function endWait(form) {
  if (form?.getAttribute("aria-busy") !== "true") return;
  clearTimeout(form.slow);
  form.removeAttribute("aria-busy");
  form.querySelector("[data-slow]").textContent = "";
  for (const one of form.querySelectorAll("button")) {
    one.removeAttribute("aria-disabled");
    if (one.dataset.idle) one.textContent = one.dataset.idle;
  }
}
for (const press of ["click", "submit"]) document.addEventListener(press, (event) => {
  const waits = event.target instanceof Element && event.target.closest("form[data-redeems][aria-busy=true]");
  if (!waits || (press === "click" && !event.target.closest("button"))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-redeems]")) wait(event.target, event.submitter ?? event.target.querySelector(".btn-primary"));
});
document.addEventListener("htmx:before:request", (event) => {
  const pressed = event.target.closest?.("button");
  if (pressed?.form?.matches("[data-redeems]")) wait(pressed.form, pressed);
});
document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.keepIndicators) return; // the next page loads
  for (const form of document.querySelectorAll("form[data-redeems]")) endWait(form);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("form[data-redeems]")) endWait(form);
});

// Only answers with our header go into the page. A gateway's error page and a hotspot's
// sign-in page leave the form as it is.
document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  const form = ctx.sourceElement.closest?.("form[data-redeems]");
  if (!form) return;
  if (ctx.response.headers.get("Refill-Answer") !== "1") {
    event.preventDefault();
    tell("foreign");
  } else if (ctx.response.status === 401 && ctx.hx.redirect) {
    // Signed out: the code goes along to the sign-in in the fragment.
    event.preventDefault();
    location.href = ctx.hx.redirect + "#" + encodeURIComponent(form.elements.code.value);
  }
});
document.addEventListener("htmx:error", (event) => {
  if (event.target.closest?.("#redeem")) tell("lost");
});

// wrong begins the title of a page that says what is wrong.
function wrong() { return document.getElementById("redeem").dataset.error; }

// tell shows a notice whose text is an attribute of the form's page.
function tell(what) {
  const notice = document.createElement("div");
  notice.className = "notice notice-bad";
  notice.dataset.lost = "";
  notice.setAttribute("role", "alert");
  notice.textContent = document.getElementById("redeem").dataset[what];
  document.getElementById("notice").replaceChildren(notice);
  notice.scrollIntoView({ block: "center" });
  document.title = wrong() + document.title.replace(wrong(), "");
}

// After an answer the focus is where one types, or on the page's content. A notice leaves
// the focus on the button.
document.addEventListener("htmx:after:swap", () => {
  settle();
  document.querySelector("#notice [data-lost]")?.remove();
  if (document.activeElement?.closest("#redeem")) return;
  (document.querySelector("#redeem [autofocus]") ?? document.getElementById("main")).focus();
});

const codeField = "#redeem-form [name=code]";
const code = document.querySelector(codeField);
// Codes of other systems may mean something by their case and dashes: they stay as they
// are. The server says on the field where such a code may be typed.
const asTyped = (field) => field.hasAttribute("data-as-typed");
function fillCode(field, text) {
  if (!field) return;
  field.value = asTyped(field) ? text : group(text, true);
  field.focus();
}
if (code && scanned) fillCode(code, decoded(scanned.slice(1)));
function regroup(event) {
  const code = event.target;
  // Only what is added at the end: nobody's correction is moved about, and
  // nothing is touched while a keyboard is still composing.
  if (!code.matches?.(codeField) || asTyped(code) || event.isComposing || event.inputType?.startsWith("delete") || code.selectionStart !== code.value.length) return;
  const grouped = group(code.value, false);
  if (grouped !== code.value) code.value = grouped;
}
document.addEventListener("input", regroup);
document.addEventListener("compositionend", regroup);
document.addEventListener("change", (event) => {
  if (event.target.matches?.(codeField) && !asTyped(event.target)) event.target.value = group(event.target.value, true);
});

// Groups of four behind the prefix, if there is one; the prefix stays as it was
// typed, and a finished code gets its capitals. What is not made of letters,
// digits and dashes is left alone: the server says what is wrong with it.
function group(text, finished) {
  if (/[^A-Za-z0-9\s-]/.test(text)) return text;
  const parts = text.split(/[\s-]+/).filter(Boolean);
  const set = parts.length > 1 && parts[0].length % 4 > 0; // a prefix that we did not cut up
  // All of it: the last sixteen are the code, where they begin with a part.
  for (let i = set ? 1 : 0; i < parts.length; i++) {
    const tail = parts.slice(i).join("");
    if (tail.length !== 16) continue;
    const before = parts.slice(0, i); // a prefix that we cut up below is put together again
    const prefix = before.join(before.slice(0, -1).every((part) => part.length === 4) ? "" : "-");
    return (prefix && prefix + "-") + fours(finished ? tail.toUpperCase() : tail);
  }
  // Some of it. A dash elsewhere than behind a group of four ends the prefix.
  const all = parts.join("");
  const dash = /[\s-]$/.test(text) ? "-" : "";
  if (dash && all.length % 4 && (parts.length === 1 || parts[0].length === 4)) return all + dash;
  if (!set) return fours(all) + (all && dash);
  const rest = parts.slice(1).join("");
  return parts[0] + "-" + fours(rest) + (rest && rest.length % 4 === 0 ? dash : "");
}
function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}
function fours(symbols) { return symbols.replace(/(.{4})(?=.)/g, "$1-"); }

// The offline page. Browsers have service workers over HTTPS only.
navigator.serviceWorker?.register("/portal/worker.js", { scope: "/portal" }).catch(() => { /* the portal works without */ });

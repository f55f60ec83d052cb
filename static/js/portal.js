"use strict";
// What the portal adds for those who have script: the code groups itself while it
// is typed, and a card's QR code fills it in. The code is never stored and never
// part of an address that a server sees: it travels in the fragment.

// A scanned card: on to the form, with the fragment.
const scan = document.querySelector("[data-scan]");
if (scan && location.hash.length > 1) location.replace(scan.href + location.hash);

// The sign-in on the way: browsers keep a fragment over the redirect that follows.
const signIn = document.getElementById("signin-form");
if (signIn && location.hash.length > 1) signIn.action += location.hash;

const code = document.querySelector("#redeem-form [name=code]");
if (code) {
  code.setAttribute("autocapitalize", "characters");
  if (location.hash.length > 1) {
    code.value = group(decoded(location.hash.slice(1)));
    history.replaceState(null, "", location.pathname + location.search);
  }
  code.addEventListener("input", () => {
    // Only where the caret is at the end: nobody's typing is moved about.
    if (code.selectionStart !== code.value.length) return;
    const grouped = group(code.value);
    if (grouped !== code.value) code.value = grouped;
  });
}

// Groups of four, behind a prefix if there is one. What is not made of letters,
// digits and dashes stays as it was typed: the server says what is wrong with it.
function group(text) {
  if (/[^A-Za-z0-9\s-]/.test(text)) return text;
  const parts = text.trim().split(/[\s-]+/);
  if (parts.length > 1 && parts[0].length !== 4) {
    const rest = parts.slice(1).join("");
    return parts[0] + "-" + fours(rest.toUpperCase());
  }
  const all = parts.join("");
  return all.length > 16 || parts.length === 1 && all.length <= 4 ? text : fours(all.toUpperCase());
}
function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}
function fours(symbols) { return symbols.replace(/(.{4})(?=.)/g, "$1-"); }

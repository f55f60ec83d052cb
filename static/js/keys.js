"use strict";
// Keys that move in lists and menus, and the list of all keys. singleKeys and typing are in
// palette.js.

const rowLinks = () => [...document.querySelectorAll("main :is(table.rows tbody tr, .found li, .history li)")]
  .map((row) => [...row.querySelectorAll("a[href]")].find((link) => link.checkVisibility()))
  .filter(Boolean);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !singleKeys() || typing(event)) return;
  if (event.key === "?") {
    event.preventDefault();
    document.getElementById("shortcuts")?.showModal();
  } else if (event.key === "j" || event.key === "k") {
    const links = rowLinks();
    if (!links.length) return;
    const row = document.activeElement?.closest("tr, li");
    const at = links.findIndex((link) => row?.contains(link));
    const next = event.key === "j" ? Math.min(at + 1, links.length - 1) : Math.max(at - 1, 0);
    event.preventDefault();
    links[next].focus({ focusVisible: true });
    links[next].scrollIntoView({ block: "nearest" });
  }
});

// Arrows in a menu that a button opens over the page.
document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) || !(event.target instanceof Element)) return;
  const opener = event.target.closest("[popovertarget]");
  const menu = event.target.closest(".row-menu[popover]") || (opener && document.getElementById(opener.getAttribute("popovertarget")));
  if (!menu?.matches(".row-menu")) return;
  if (opener && !menu.matches(":popover-open")) menu.showPopover();
  const items = [...menu.querySelectorAll("a[href], button:not([disabled])")];
  if (!items.length) return;
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? items.length - 1 : at - 1, Home: 0, End: items.length - 1 }[event.key];
  event.preventDefault();
  items[(next + items.length) % items.length].focus({ focusVisible: true });
});

// Single keys can be switched off: speech input and shaky hands press them by mistake.
for (const box of document.querySelectorAll("[data-single-keys]")) {
  box.checked = singleKeys();
  box.addEventListener("change", () => {
    try { localStorage.setItem("single-keys", box.checked ? "on" : "off"); } catch { box.checked = true; }
  });
}

if (/mac|iphone|ipad/i.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-command-key]")) key.textContent = "⌘ " + key.dataset.commandKey;
}

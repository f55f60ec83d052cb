"use strict";
// Runs before the first paint, so that a dark page never flashes white.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  let wanted = "auto";
  try { wanted = localStorage.getItem("theme") || "auto"; } catch { /* storage is off */ }
  const dark = wanted === "dark" || (wanted === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.bsTheme = dark ? "dark" : "light";
})();

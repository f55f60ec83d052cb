// A chart shows the figures of one bar: of the one that is pointed at, or of the one that is
// chosen with the arrow keys, Home and End.
"use strict";

(() => {
  function choose(chart, bar) {
    const card = chart.querySelector(".chart-card");
    for (const one of chart.querySelectorAll(".chart-chosen")) one.classList.remove("chart-chosen");
    card.hidden = !bar;
    if (!bar) return;
    bar.classList.add("chart-chosen");
    card.textContent = bar.dataset.bar;
    const plot = card.parentElement.getBoundingClientRect();
    const at = bar.getBoundingClientRect();
    const middle = at.left + at.width / 2 - plot.left - card.offsetWidth / 2;
    card.style.left = `${Math.max(0, Math.min(middle, plot.width - card.offsetWidth))}px`;
  }
  const chartOf = (event) => (event.target instanceof Element ? event.target.closest("[data-chart]") : null);

  document.addEventListener("pointerover", (event) => {
    const chart = chartOf(event);
    const bar = chart && event.target.closest("[data-bar]");
    if (bar) choose(chart, bar);
  });
  document.addEventListener("pointerout", (event) => {
    const chart = chartOf(event);
    if (chart && !chart.contains(event.relatedTarget)) choose(chart, null);
  });
  document.addEventListener("keydown", (event) => {
    const chart = chartOf(event);
    if (!chart || event.ctrlKey || event.metaKey || event.altKey) return;
    const bars = [...chart.querySelectorAll("[data-bar]")];
    const now = bars.findIndex((bar) => bar.classList.contains("chart-chosen"));
    const next = {
      ArrowRight: now < 0 ? 0 : Math.min(now + 1, bars.length - 1),
      ArrowLeft: now < 0 ? bars.length - 1 : Math.max(now - 1, 0),
      Home: 0, End: bars.length - 1,
    }[event.key];
    if (event.key === "Escape") choose(chart, null);
    if (next === undefined) return;
    event.preventDefault();
    choose(chart, bars[next]);
  });
  document.addEventListener("focusout", (event) => {
    const chart = chartOf(event);
    if (chart) choose(chart, null);
  });
  // The title of a bar is for pages without script: with it, two cards would be shown.
  function prepare() {
    for (const title of document.querySelectorAll("[data-bar] > title")) title.remove();
  }
  document.addEventListener("htmx:after:swap", prepare);
  prepare();
})();

// New notifications are shown on the desktop while every page is hidden, where a person has
// switched that on in this browser. The bell's fragment says what is new.
"use strict";

(() => {
  const wanted = "desktop-notifications"; // "on" where they are wanted in this browser
  const told = "desktop-told"; // time of the newest notification that was shown, in milliseconds
  const patience = 1000; // in which a visible page of another tab may say that it was seen
  const able = "Notification" in window && window.isSecureContext && "locks" in navigator && !/Android/.test(navigator.userAgent);

  function read(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  }
  function write(key, value) {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch { /* storage is off: the switch goes back below */ }
  }
  const on = () => able && read(wanted) === "on" && Notification.permission === "granted";

  // listen keeps the stream of events open in a hidden page, which htmx would pause.
  function listen() {
    if (window.htmx?.config) window.htmx.config.sse = { ...window.htmx.config.sse, pauseOnBackground: false };
    const pauses = document.getElementById("stream")?._htmx?.sse?.visibilityHandler;
    if (pauses) document.removeEventListener("visibilitychange", pauses);
  }

  function show() {
    for (const part of document.querySelectorAll("[data-desktop]")) {
      part.hidden = !able;
      part.querySelector("[data-desktop-switch]").checked = on();
      part.querySelector("[data-desktop-blocked]").hidden = !able || Notification.permission !== "denied";
    }
  }

  function newest() {
    const bell = document.getElementById("bell");
    const at = Date.parse(bell?.elements.until?.value ?? "");
    return { at, text: bell?.dataset.newest, more: bell?.dataset.more ?? "", url: bell?.dataset.url };
  }

  document.addEventListener("change", async (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.matches("[data-desktop-switch]")) return;
    const refused = box.closest("[data-desktop]").querySelector("[data-desktop-refused]");
    refused.hidden = true;
    if (!box.checked) {
      write(wanted, null);
      return show();
    }
    const answer = await Notification.requestPermission();
    if (answer === "granted") {
      write(wanted, "on");
      write(told, String(newest().at || Date.now()));
      listen();
    }
    refused.hidden = answer !== "default";
    show();
  });

  // tell shows what is new, once for all pages of this browser.
  function tell(news) {
    navigator.locks.request(told, () => {
      if (!document.hidden || !on() || Number(read(told)) >= news.at) return;
      write(told, String(news.at));
      try {
        const shown = new Notification(news.text, { body: news.more, tag: `refill-${news.at}` });
        shown.onclick = () => {
          window.focus();
          shown.close();
          location.assign(news.url);
        };
      } catch { write(wanted, null); } // this browser has no desktop
    });
  }

  document.addEventListener("htmx:after:swap", () => {
    show();
    if (!on()) return;
    const news = newest();
    if (!news.at || Number(read(told)) >= news.at) return;
    if (!document.hidden) write(told, String(news.at));
    else if (news.text) setTimeout(() => tell(news), patience);
  });
  document.addEventListener("toggle", show, true); // the panel of the bell
  window.addEventListener("storage", show);
  if (on()) listen();
  show();
})();

"use strict";
// The page of a person who was signed out finds out that they have signed in again in
// another tab. What was typed on the page stays.

async function lookForSession() {
  const over = document.getElementById("signed-out");
  if (!over || over.hidden || document.hidden) return;
  let answer;
  try {
    answer = await fetch("/admin/notifications/bell", { redirect: "manual" });
  } catch {
    return; // the next return to the page asks again
  }
  if (answer.status !== 200 || over.hidden) return;
  over.hidden = true;
  document.getElementById("signed-in-again").hidden = false;
  htmx.trigger("#stream", "connect");
}
addEventListener("focus", lookForSession);
document.addEventListener("visibilitychange", lookForSession);
document.addEventListener("signed-out", () => { document.getElementById("signed-in-again").hidden = true; });

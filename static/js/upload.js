// A file can be dropped onto its form, and the form shows how much of the file has arrived.
"use strict";

(() => {
  const formOf = (event) => (event.target instanceof Element ? event.target.closest("form[data-upload]") : null);
  const fieldOf = (form) => form.querySelector("input[type=file]");

  for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => {
    const form = formOf(event);
    if (!form || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
  for (const name of ["dragleave", "drop"]) document.addEventListener(name, (event) => {
    const form = formOf(event);
    if (form && !(name === "dragleave" && form.contains(event.relatedTarget))) form.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    const form = formOf(event);
    if (!form || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    fieldOf(form).files = event.dataTransfer.files;
    fieldOf(form).dispatchEvent(new Event("change", { bubbles: true }));
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-upload]") || !fieldOf(form).files.length) return;
    event.preventDefault();
    const part = form.querySelector("[data-upload-progress]");
    const bar = part.querySelector("progress");
    const request = new XMLHttpRequest();
    const cancel = part.querySelector("[data-upload-cancel]");
    const end = (message) => {
      part.hidden = true;
      form.querySelector("[data-upload-failed]").hidden = !message;
      wake(form);
    };
    cancel.onclick = () => request.abort();
    request.upload.addEventListener("progress", (step) => {
      if (!step.lengthComputable) return;
      bar.max = step.total;
      bar.value = step.loaded;
      part.querySelector("strong").textContent = `${Math.floor((100 * step.loaded) / step.total)} %`;
    });
    request.addEventListener("abort", () => end(false));
    request.addEventListener("error", () => end(true));
    request.addEventListener("load", () => {
      if (request.status < 400) return location.assign(request.responseURL);
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const fresh = page.getElementById(form.id);
      if (!fresh) return end(true);
      form.replaceWith(document.importNode(fresh, true));
      document.getElementById(form.id).querySelector("[data-focus]")?.focus();
    });
    const body = new FormData(form);
    request.open("POST", form.action);
    request.send(body);
    form.querySelector("[data-upload-failed]").hidden = true;
    bar.removeAttribute("value");
    part.hidden = false;
    cancel.focus();
  });
})();

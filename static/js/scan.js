"use strict";
// Reads the QR code of a card by the camera, in browsers that read QR codes themselves. The
// pictures stay in the browser. The code goes into the form, which the customer sends.

const scans = "BarcodeDetector" in window && Boolean(navigator.mediaDevices?.getUserMedia);
function offerCamera() {
  for (const button of document.querySelectorAll("[data-camera]")) button.hidden = !scans;
}
document.addEventListener("htmx:after:swap", offerCamera);
offerCamera();

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-camera]") : null;
  if (button) read(document.getElementById(button.dataset.camera));
});

async function read(dialog) {
  const video = dialog.querySelector("video");
  const says = dialog.querySelector("[role=status]");
  says.textContent = says.dataset.aim;
  dialog.showModal();
  let stream;
  try {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    await video.play();
    while (dialog.open) {
      const [seen] = await detector.detect(video);
      const code = seen && codeIn(seen.rawValue);
      if (code) {
        dialog.close();
        fillCode(document.querySelector("#redeem-form [name=code]"), code);
      } else if (seen) {
        says.textContent = says.dataset.foreign;
      }
      await new Promise((next) => { setTimeout(next, 100); });
    }
  } catch (error) {
    says.textContent = error.name === "NotAllowedError" ? says.dataset.denied : says.dataset.failed;
  } finally {
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  }
}

// A card's QR code is an address with the code in its fragment, or the code alone.
function codeIn(text) {
  const at = text.indexOf("#");
  if (at >= 0) return decoded(text.slice(at + 1));
  return /^[\w\s-]{6,64}$/.test(text) ? text : "";
}

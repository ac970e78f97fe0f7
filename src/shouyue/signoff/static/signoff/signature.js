// A signature drawn with finger, pen or mouse; what is drawn goes into the form as a picture.
for (const box of document.querySelectorAll("[data-signature]")) {
  if (typeof SignaturePad === "undefined") break;
  const canvas = box.querySelector("canvas");
  const input = box.querySelector("input[type=hidden]");
  box.hidden = false;
  const pad = new SignaturePad(canvas, { penColor: "#101820", minWidth: 0.8, maxWidth: 2.6 });

  function fit() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const strokes = pad.toData();
    canvas.width = canvas.offsetWidth * ratio;
    canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext("2d").scale(ratio, ratio);
    pad.clear();
    if (strokes.length) pad.fromData(strokes);
  }

  function keep() {
    input.value = pad.isEmpty() ? "" : canvas.toDataURL("image/png");
  }

  const missing = box.querySelector("[data-signature-missing]");
  // for whoever has a keyboard only: the name below stands without a drawing
  const typed = box.querySelector("[data-signature-typed]");
  typed.addEventListener("change", () => {
    box.querySelector("[data-signature-drawn]").hidden = typed.checked;
    missing.hidden = true;
    pad.clear();
    keep();
  });
  pad.addEventListener("endStroke", () => {
    keep();
    missing.hidden = true;
  });
  box.querySelector("[data-signature-clear]").addEventListener("click", () => {
    pad.clear();
    keep();
  });
  const form = box.closest("form");
  form.addEventListener("submit", keep);
  // on the click, also that of the Enter key: when it is submitted the page already waits for the answer
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.type !== "submit" || button.formNoValidate || typed.checked || !pad.isEmpty()) return;
    event.preventDefault();
    missing.hidden = false;
    box.scrollIntoView({ block: "center" });
    typed.focus({ preventScroll: true });
  });
  let width = 0;
  new ResizeObserver(() => {
    if (canvas.offsetWidth === width) return;
    width = canvas.offsetWidth;
    fit();
  }).observe(canvas);
}

for (const field of document.querySelectorAll("[data-copy]")) {
  field.addEventListener("focus", () => field.select());
  field.focus();
}

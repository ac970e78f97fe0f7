// The plan editor: line numbers beside the text, a check while typing, a click on a problem leads to its line.
const count = (text) => text.split("\n").length;
const lineAt = (area) => count(area.value.slice(0, area.selectionStart));

function draw(editor) {
  const area = editor.querySelector("[data-plan-text]");
  const gutter = editor.querySelector("[data-plan-gutter]");
  const bad = new Map([...editor.querySelectorAll("[data-plan-jump]")].map((one) => [Number(one.dataset.planJump), one.classList.contains("is-error")]));
  const numbers = [];
  for (let line = 1; line <= count(area.value); line += 1) {
    const row = document.createElement("span");
    row.textContent = `${line}\n`;
    if (bad.has(line)) row.className = bad.get(line) ? "is-error" : "is-warning";
    numbers.push(row);
  }
  gutter.replaceChildren(...numbers);
  gutter.scrollTop = area.scrollTop;
}

function jump(editor, line, column) {
  const area = editor.querySelector("[data-plan-text]");
  const lines = area.value.split("\n");
  const at = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0) + Math.max(0, column - 1);
  area.focus();
  area.setSelectionRange(at, at);
  const height = parseFloat(getComputedStyle(area).lineHeight);
  area.scrollTop = Math.max(0, (line - 5) * height);
}

function start(editor) {
  const area = editor.querySelector("[data-plan-text]");
  const place = editor.querySelector("[data-plan-line]");
  let seen = Number(place.value);
  const moved = () => {
    const line = lineAt(area);
    if (line === seen) return;
    seen = line;
    place.value = line;
    area.dispatchEvent(new Event("plan:check", { bubbles: true }));
  };
  area.addEventListener("input", () => {
    place.value = seen = lineAt(area);
    draw(editor);
    area.dispatchEvent(new Event("plan:check", { bubbles: true }));
  });
  area.addEventListener("scroll", () => { editor.querySelector("[data-plan-gutter]").scrollTop = area.scrollTop; });
  area.addEventListener("click", moved);
  area.addEventListener("keyup", moved);
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    const before = area.value.slice(0, area.selectionStart);
    const indent = /[^\n]*$/.exec(before)[0];
    const deeper = /:\s*$/.test(indent) ? "  " : "";
    const spaces = /^ */.exec(indent)[0] + deeper;
    if (!spaces) return;
    event.preventDefault();
    area.setRangeText(`\n${spaces}`, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  editor.addEventListener("click", (event) => {
    const link = event.target.closest("[data-plan-jump]");
    if (link) {
      jump(editor, Number(link.dataset.planJump), Number(link.dataset.planColumn));
      moved();
    }
  });
  editor.addEventListener("htmx:afterSwap", () => draw(editor));
  draw(editor);
  if (seen > 1) jump(editor, seen, 1);
}

document.querySelectorAll("[data-plan-editor]").forEach(start);

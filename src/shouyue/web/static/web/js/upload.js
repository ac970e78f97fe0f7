// Drop zone: drag and drop or choose, sizes checked before anything is sent, single files can be taken out again.
import { each } from "./dom.js";

const size = (bytes) => (bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");

each("[data-upload]", (box) => {
  const input = box.querySelector("input[type=file]");
  const list = box.querySelector("[data-upload-list]");
  const error = box.querySelector("[data-upload-error]");
  const maxBytes = Number(box.dataset.maxBytes);
  const maxFiles = Number(box.dataset.maxFiles);
  let files = [];

  function take(added) {
    const problems = [];
    for (const file of added) {
      if (file.size > maxBytes) problems.push(fill(box.dataset.tooBig, { name: file.name, limit: size(maxBytes) }));
      else if (!files.some((other) => other.name === file.name && other.size === file.size)) files.push(file);
    }
    if (files.length > maxFiles) {
      problems.push(fill(box.dataset.tooMany, { limit: maxFiles }));
      files = files.slice(0, maxFiles);
    }
    error.textContent = problems.join(" ");
    error.hidden = problems.length === 0;
    show();
  }

  function show() {
    const carrier = new DataTransfer();
    for (const file of files) carrier.items.add(file);
    input.files = carrier.files;
    list.replaceChildren(...files.map(entry));
  }

  function entry(file) {
    const item = document.createElement("li");
    const text = document.createElement("span");
    text.className = "sy-file-text";
    text.textContent = file.name;
    const note = document.createElement("span");
    note.className = "sy-file-note";
    note.textContent = size(file.size);
    text.append(note);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn-close";
    remove.setAttribute("aria-label", fill(box.dataset.remove, { name: file.name }));
    remove.addEventListener("click", () => { files = files.filter((other) => other !== file); show(); });
    item.append(text, remove);
    return item;
  }

  input.addEventListener("change", () => take([...input.files]));
  box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("is-over"); });
  box.addEventListener("dragleave", () => box.classList.remove("is-over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("is-over");
    take([...event.dataTransfer.files]);
  });
  input.form?.addEventListener("reset", () => { files = []; setTimeout(show); });
});

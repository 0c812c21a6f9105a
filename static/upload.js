// Drag and drop, and a progress bar while files travel; without it the form still works.
"use strict";

const form = document.querySelector("[data-upload]");
if (form) {
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const bar = form.querySelector("progress");
  const problem = form.querySelector("[data-problem]");
  const button = form.querySelector("button");

  const tell = () => {
    const size = [...input.files].reduce((sum, file) => sum + file.size, 0);
    form.querySelector("[data-chosen]").textContent =
      `${input.files.length} file${input.files.length === 1 ? "" : "s"}, ${(size / 1e6).toFixed(1)} MB`;
  };
  const fail = (text) => {
    problem.textContent = text;
    problem.hidden = false;
    bar.hidden = true;
    button.disabled = false;
  };

  input.addEventListener("change", tell);
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    input.files = event.dataTransfer.files;
    tell();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.hidden = true;
    bar.hidden = false;
    button.disabled = true;
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => { bar.value = (100 * step.loaded) / step.total; });
    request.addEventListener("error", () => fail("The connection was lost. Please try again; files that arrived count once."));
    request.addEventListener("load", () => {
      const answer = request.response || {};
      if (request.status === 200 && answer.address) window.location.assign(answer.address);
      else fail(answer.problem || `The server answered ${request.status}. Please try again.`);
    });
    request.open("POST", window.location.href);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.send(new FormData(form));
  });
}

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

  // Files travel in parts; one that is cut off is sent again until it arrives. The server knows files by their
  // checksum, so neither that nor choosing the same files again after a reload counts anything twice.
  const PART_FILES = 20;
  const PART_BYTES = 8e6;
  const LONGEST_PAUSE = 30;

  const parts = (files) => {
    const result = [];
    let size = Infinity;
    for (const file of files) {
      const full = result.length && result.at(-1).length >= PART_FILES;
      if (!result.length || full || size + file.size > PART_BYTES) { result.push([]); size = 0; }
      result.at(-1).push(file);
      size += file.size;
    }
    return result;
  };

  const send = (part, batch, more, progress) => new Promise((resolve, reject) => {
    const body = new FormData(form);
    body.delete(input.name);
    for (const file of part) body.append(input.name, file, file.name);
    if (batch) body.set("batch", batch);
    if (more) body.set("more", "1");
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => progress(step.loaded / step.total));
    request.addEventListener("error", () => reject(new Error("The connection was lost.")));
    request.addEventListener("load", () => {
      const answer = request.response || {};
      if (request.status === 200 && answer.address) resolve(answer);
      else if (request.status >= 500 || request.status === 429) reject(new Error(`The server answered ${request.status}.`));
      else resolve({ problem: answer.problem || `The server answered ${request.status}. Please log in and try again.` });
    });
    request.open("POST", window.location.href);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.send(body);
  });

  const untilItArrives = async (...order) => {
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        const answer = await send(...order);
        problem.hidden = true;
        return answer;
      } catch (error) {
        problem.textContent = `${error.message} Trying again in ${pause} s; keep this page open.`;
        problem.hidden = false;
        await new Promise((done) => setTimeout(done, 1000 * pause));
      }
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    bar.hidden = false;
    button.disabled = true;
    const all = parts(input.files);
    let answer = { problem: "Please choose at least one picture or zip." };
    for (const [place, part] of all.entries()) {
      const progress = (share) => { bar.value = (100 * (place + share)) / all.length; };
      answer = await untilItArrives(part, answer.batch, place < all.length - 1, progress);
      if (answer.problem) break;
    }
    if (answer.address) window.location.assign(answer.address);
    else fail(answer.problem);
  });
}

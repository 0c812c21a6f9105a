// Every answer has a key, shown beside it; without this script the page works by mouse, finger and Tab.
"use strict";

const face = document.querySelector("[data-face]");
// In the order of the answers; the last is “can’t tell”.
const KEYS = { age: "12345670", gender: "fmt", mood: "pngu" };
const answers = new Map();

for (const question of face.querySelectorAll("[data-question]")) {
  [...question.querySelectorAll("input")].forEach((input, place) => {
    const key = KEYS[question.dataset.question][place];
    answers.set(key, input);
    question.querySelectorAll("kbd")[place].textContent = key.toUpperCase();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (answers.has(key)) {
    answers.get(key).checked = true;
    answers.get(key).focus();
  } else if (key === "x") face.querySelector("[data-no-face]").click();
  else if (key === "enter" && !event.target.closest("a, button")) face.querySelector("[data-save]").click();
  else if (key === "backspace") document.querySelector("[data-back]")?.click();
  else return;
  event.preventDefault();
});

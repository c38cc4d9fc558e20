// One submission: buttons that only a script can press for, to copy a text into the clipboard and to print, and keys for
// what its links and buttons do. Without scripts those buttons are not there, and what would be copied is chosen by a click.
"use strict";

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const said = button.textContent;
  const told = button.nextElementSibling;
  button.textContent = told.textContent = button.dataset.done;
  setTimeout(() => {
    button.textContent = said;
    told.textContent = "";
  }, 2000);
}

document.querySelectorAll("[data-copy]").forEach((button) => {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", () => copy(button).catch(() => {}));
});
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
});

// The first of these that the page has, pressed.
const press = (...those) => those.map((one) => document.querySelector(one)).find(Boolean)?.click();
const marks = (...words) => press(...words.map((one) => `.care:has([value="${one}"]) button`));

listen({
  j: () => press("a[rel=next]"),
  k: () => press("a[rel=prev]"),
  l: () => press("a[rel=up]"),
  r: () => press("a[href^='mailto:']"),
  e: () => marks("done", "open"),
  s: () => marks("star", "unstar"),
  u: () => marks("unread"),
});

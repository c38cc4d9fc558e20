// How far the files are that are being saved from here. Without JavaScript they are saved all the same.
"use strict";

(() => {
  const shown = document.getElementById("progress");
  const EVERY = 1000;
  const PATIENCE = 5; // so often nothing is found before nobody asks any more: a file that is small is soon gone
  let left = 0;

  function row(file) {
    const item = document.createElement("li");
    const bar = document.createElement("progress");
    bar.setAttribute("aria-label", file.name);
    if (file.of > 0) Object.assign(bar, { max: file.of, value: file.written });
    item.append(bar, `${file.name}: ${file.text}`);
    return item;
  }

  async function ask() {
    let files = [];
    try {
      const answer = await fetch(shown.dataset.from);
      if (answer.ok) files = (await answer.json()).files;
    } catch {
      // no connection: the next time may do better
    }
    shown.replaceChildren(...files.map(row));
    shown.hidden = files.length === 0;
    left = files.length > 0 ? PATIENCE : left - 1;
    if (left > 0) setTimeout(ask, EVERY);
  }

  document.addEventListener("submit", () => {
    if (left <= 0) setTimeout(ask, EVERY);
    left = PATIENCE;
  });
})();

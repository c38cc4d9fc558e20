// Brings a proof of work along with a form that asks for one: docs/guard.md. It begins when somebody begins to fill the form in,
// shows nothing and holds nothing up: without it the form is taken as well.
"use strict";

const FRESH_MINUTES = 300;
let begun = 0;

function fieldOf(form) {
  const found = form.querySelector("input[type=hidden][name=altcha]");
  if (found) return found;
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "altcha";
  form.append(field);
  return field;
}

function solved(challenge, script) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script);
    worker.onmessage = (event) => {
      worker.terminate();
      if (event.data) resolve(event.data);
      else reject(new Error("not solved"));
    };
    worker.onerror = reject;
    worker.postMessage(challenge.parameters);
  });
}

async function work(form) {
  if (begun && Date.now() - begun < FRESH_MINUTES * 60_000) return;
  begun = Date.now();
  const answer = await fetch(form.dataset.challenge, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const challenge = await answer.json();
  const solution = await solved(challenge, form.dataset.solver);
  fieldOf(form).value = btoa(JSON.stringify({ challenge, solution }));
}

for (const form of document.querySelectorAll("form[data-challenge]")) {
  const begin = () => work(form).catch(() => { begun = 0; });
  form.addEventListener("focusin", begin);
  form.addEventListener("pointerdown", begin);
}

// Keys of a page of the desk, which says which it has: `listen({ j: () => ... })`. Never while somebody types, never with
// Ctrl, Alt or Meta, and not at all once they are switched off in this browser (WCAG 2.1.4).
"use strict";

const KEYS_OFF = "todoke-keys-off";
const keys = document.getElementById("keys");
const keysOn = document.getElementById("keys-on");

function areKeysOff() {
  try {
    return localStorage.getItem(KEYS_OFF) === "1";
  } catch {
    return false; // storage is closed to this page
  }
}

function switchKeys() {
  try {
    localStorage.setItem(KEYS_OFF, keysOn.checked ? "0" : "1");
  } catch {
    keysOn.checked = true; // they stay on: this browser keeps nothing
  }
}

function tellKeys() {
  keysOn.checked = !areKeysOff();
  keys.showModal();
}

function listen(does) {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
    if (isTyping || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || areKeysOff()) return;
    if (event.key !== "?" && !Object.hasOwn(does, event.key)) return;
    event.preventDefault();
    (does[event.key] ?? tellKeys)();
  });
  keysOn.addEventListener("change", switchKeys);
  document.getElementById("keys-open").hidden = false;
  document.getElementById("keys-open").addEventListener("click", tellKeys);
}

// What moves on a page moves by itself, keys do what buttons do, and a fault is told as it is chosen. Without this
// script the Refresh link, the buttons and the lists beside them do the same.
"use strict";
const live = document.querySelector("[data-live]");
const dialog = document.getElementById("keys");

// Make `now` like `next` and touch nothing that is alike: focus, selection and what is open stay where they are.
function merge(now, next) {
  if (now.isEqualNode(next)) return;
  if (now.nodeName !== next.nodeName || now.nodeType !== Node.ELEMENT_NODE) {
    now.replaceWith(next);
    return;
  }
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  mergeChildren(now, [...next.childNodes]);
}

function mergeChildren(now, wanted) {
  const keyOf = (node) => node.dataset?.key;
  const named = new Map([...now.childNodes].filter(keyOf).map((node) => [keyOf(node), node]));
  const kept = new Set(wanted.map(keyOf));
  for (const [key, node] of named) if (!kept.has(key)) node.remove();
  let place = now.firstChild;
  for (const next of wanted) {
    const key = keyOf(next);
    const match = key ? named.get(key) : place && !keyOf(place) ? place : null;
    if (!match) now.insertBefore(next, place);
    else if (match === place) {
      place = place.nextSibling;
      merge(match, next);
    } else {
      now.insertBefore(match, place);
      merge(match, next);
    }
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

const links = () => [...document.querySelectorAll("a.mail")];
const current = () => document.activeElement?.closest("li.row");

async function refresh() {
  if (!live || document.hidden) return;
  const at = links().findIndex((link) => link.closest("li") === current());
  try {
    const answer = await fetch(live.dataset.from ?? location.href, { method: "GET", headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (!fresh || fresh.isEqualNode(live)) return;
    merge(live, fresh);
    if (live.dataset.live === "list") document.title = page.title;
    if (at >= 0 && !current()) links()[Math.min(at, links().length - 1)]?.focus();
  } catch {
    // The sandbox is stopped or restarting: try again at the next turn.
  }
}

if (live) setInterval(refresh, 1500);

async function submit(form, action, words) {
  const body = new URLSearchParams(new FormData(form));
  const said = document.getElementById("said");
  try {
    await fetch(action, { method: "POST", body, redirect: "manual" });
    said.textContent = words;
  } catch {
    said.textContent = said.dataset.silent;
  }
  await refresh();
}

function move(by) {
  const all = links();
  const at = all.findIndex((link) => link.closest("li") === current());
  all[at < 0 ? 0 : Math.max(0, Math.min(at + by, all.length - 1))]?.focus();
}

function follow(name) {
  document.querySelector(`[data-nav="${name}"]`)?.click();
}

// The words are the page's own, in its language; %s in them is the recipient.
function tellOf(form, deed) {
  return document.getElementById("said").dataset[deed].replace("%s", () => form.closest("li").querySelector("bdi").textContent);
}

function remove() {
  const form = current()?.querySelector("form.drop");
  if (form) submit(form, form.action, tellOf(form, "deleted"));
  else document.querySelector('[data-deed="delete"]')?.click();
}

function unread() {
  const form = current()?.querySelector("form.drop");
  if (form) submit(form, form.action.replace(/delete$/, "unread"), tellOf(form, "unread"));
  else document.querySelector('[data-deed="unread"]')?.click();
}

const inList = live?.dataset.live === "list";
const keys = {
  j: () => (inList ? move(1) : follow("older")),
  k: () => (inList ? move(-1) : follow("newer")),
  "#": remove,
  Delete: remove,
  u: unread,
  i: () => follow("list"),
  "/": () => document.getElementById("q")?.focus(),
  "?": () => dialog.showModal(),
};

// Keys of one letter can be switched off, for whoever speaks to the machine or hits keys unmeant (WCAG 2.1.4).
const listens = () => localStorage.getItem("keys") !== "off";

if (dialog) {
  const box = document.getElementById("keys-on");
  box.checked = listens();
  box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !listens()) return;
    const deed = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (!deed) return;
    event.preventDefault();
    deed();
  });
}

for (const select of document.querySelectorAll("select[data-tells]")) {
  const words = document.getElementById(select.dataset.tells);
  const tell = () => { words.textContent = select.selectedOptions[0].dataset.tells; };
  words.hidden = false;
  tell();
  select.addEventListener("change", tell);
}

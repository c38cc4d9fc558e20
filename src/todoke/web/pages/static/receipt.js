// Keeps the receipt up to date in place: server-sent events, or polling where they do not work.
// Without JavaScript the page says the same after a reload. It only ever sets text, attributes and states.
"use strict";

const page = document.getElementById("receipt");
const url = page.dataset.url;
const POLL_SECONDS = [2, 2, 3, 5, 5, 8, 8, 13, 20, 30];
const POLLS = 40;
const POLLS_WHEN_FINAL = 4; // a bounce may follow a delivery
const SILENT_SECONDS = 5; // a stream speaks at once; one that does not is held back or cut off on its way
let polls = 0;
let pollsWhenFinal = 0;

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function setTime(element, step) {
  element.hidden = !step.at;
  element.dateTime = step.at;
  setText(element, step.when);
  tellOwnTime(element);
}

function showStep(section, step) {
  const item = section.querySelector(`[data-step="${step.name}"]`);
  item.dataset.state = step.state;
  item.querySelector("use").setAttribute("href", `#i-${step.state}`);
  setText(item.querySelector("[data-part=label]"), step.label);
  setTime(item.querySelector("time"), step);
}

function showMessage(message, index) {
  const section = page.querySelector(`[data-message="${index}"]`);
  if (!section) return location.reload();
  section.dataset.tone = message.tone;
  message.steps.forEach((step) => showStep(section, step));
  setText(section.querySelector("[data-part=to]"), message.to);
  const said = section.querySelector(".said");
  for (const part of ["label", "text", "hint"]) {
    setText(said.querySelector(`[data-part=${part}]`), message[part]);
  }
  const form = section.querySelector("form");
  if (form) form.hidden = !message.can_correct;
}

function show(receipt) {
  receipt.messages.forEach(showMessage);
  if (!receipt.final) pollsWhenFinal = 0;
}

function setLive(live) {
  page.querySelector("[data-part=live]").hidden = !live;
}

async function fetchReceipt() {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const receipt = await answer.json();
  show(receipt);
  return receipt;
}

async function poll() {
  if (polls >= POLLS || pollsWhenFinal >= POLLS_WHEN_FINAL) return setLive(false);
  const seconds = POLL_SECONDS[Math.min(polls, POLL_SECONDS.length - 1)];
  polls += 1;
  try {
    if (!document.hidden && (await fetchReceipt()).final) pollsWhenFinal += 1;
    setLive(true);
  } catch {
    setLive(false); // no connection, or the store is busy: the next poll may do better
  }
  setTimeout(poll, seconds * 1000);
}

function follow() {
  const source = new EventSource(`${url}/events`);
  let silence = 0;
  const heard = () => {
    clearTimeout(silence);
    silence = 0;
  };
  const pollInstead = () => {
    heard();
    source.close();
    poll();
  };
  const listen = () => {
    silence ||= setTimeout(pollInstead, SILENT_SECONDS * 1000);
  };
  source.onmessage = (event) => {
    heard();
    setLive(true);
    show(JSON.parse(event.data));
  };
  source.addEventListener("end", () => {
    heard();
    source.close();
    setLive(false);
  });
  source.onerror = () => {
    setLive(false);
    if (source.readyState === EventSource.CLOSED) pollInstead();
    else listen(); // the browser connects again by itself, if anything lets it
  };
  listen();
}

if ("EventSource" in window && !("poll" in page.dataset)) follow();
else poll();

// A page brought back to the front, or restored by the back button, is shown as things stand now.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) fetchReceipt().catch(() => {});
});

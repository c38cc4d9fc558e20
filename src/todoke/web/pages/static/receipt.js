// Keeps the receipt up to date in place: server-sent events, or polling where they do not work.
// Without JavaScript the page says the same after a reload. It only ever sets text, attributes and states,
// and places where an address may break.
"use strict";

const page = document.getElementById("receipt");
const url = page.dataset.url;
const POLL_SECONDS = [2, 2, 3, 5, 5, 8, 8, 13, 20, 30];
const POLLS = 40;
const POLLS_WHEN_FINAL = 4; // a bounce may follow a delivery
const SILENT_SECONDS = 5; // a stream speaks at once; one that does not is held back or cut off on its way
let polls = 0;
let pollsWhenFinal = 0;
let leaving = false; // a correction is on its way: its answer is the next page, and nothing may come between

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function setTime(element, step) {
  element.hidden = !step.at;
  element.dateTime = step.at;
  setText(element, step.when);
  tellOwnTime(element);
}

// An address may break after its @ and before its dots, and nowhere else.
function setAddress(element, address) {
  if (element.textContent === address) return;
  const parts = address.split(/([@.])/).flatMap((part) => {
    const place = document.createElement("wbr");
    return part === "@" ? [part, place] : part === "." ? [place, part] : [part];
  });
  element.replaceChildren(...parts);
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
  const earlier = section ? section.querySelectorAll("[data-earlier] [data-part=label]") : [];
  if (!section || earlier.length !== message.earlier.length) return location.replace(url); // corrected elsewhere
  setText(section.querySelector("[data-part=corrected]"), message.corrected);
  message.earlier.forEach((tried, n) => setText(earlier[n], tried.label));
  section.dataset.tone = message.tone;
  message.steps.forEach((step) => showStep(section, step));
  setAddress(section.querySelector("[data-part=to]"), message.to);
  const said = section.querySelector(".said");
  for (const part of ["mail", "headline", "text", "hint"]) {
    setText(said.querySelector(`[data-part=${part}]`), message[part]);
  }
  const form = section.querySelector("form");
  if (form) form.hidden = !message.can_correct;
}

// What needs the reader stands on top with a link to it, and a failure in the title of the page, too.
function showAttention(attention) {
  const line = page.querySelector("[data-part=attention]");
  line.hidden = !attention;
  line.dataset.tone = attention?.failed ? "bad" : "unclear";
  setText(line.querySelector("[data-part=text]"), attention?.text ?? "");
  setText(line.querySelector("a"), attention?.link ?? "");
  line.querySelector("a").href = `#${attention?.target ?? "receipt"}`;
  const failure = attention?.failed ? attention.text : "";
  document.title = [page.dataset.fault, failure, page.dataset.title].filter(Boolean).join(" · ");
}

// Whether another address was meant: a question with a button, until it is answered or the address is corrected.
function showSuggestion(suggestion) {
  const form = page.querySelector("[data-part=suggestion]");
  form.hidden = !suggestion;
  setText(form.querySelector("[data-part=text]"), suggestion?.text ?? "");
  form.elements.domain.value = suggestion?.domain ?? "";
  form.querySelector("button").hidden = suggestion?.domain === "";
  form.querySelector("a").hidden = suggestion?.domain !== "";
}

function show(receipt) {
  if (leaving) return;
  receipt.messages.forEach(showMessage);
  showSuggestion(receipt.suggestion);
  showAttention(receipt.attention);
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
  source.addEventListener("poll", pollInstead); // others need the place
  source.onerror = () => {
    setLive(false);
    if (source.readyState === EventSource.CLOSED) pollInstead();
    else listen(); // the browser connects again by itself, if anything lets it
  };
  listen();
}

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

// Where the clipboard is closed to pages the text is selected at least, to be copied by hand.
async function copy(button) {
  const element = document.getElementById(button.dataset.copy);
  select(element);
  await navigator.clipboard.writeText(element.textContent);
  setText(page.querySelector("[data-part=copied]"), button.dataset.done);
}

page.addEventListener("submit", () => {
  leaving = true;
});
addEventListener("pageshow", () => {
  leaving = false; // come back to by the back button
});
// The answer to a form stands at the form's address, which asks whether to send it again when it is reloaded.
history.replaceState(history.state, "", url + location.hash);
page.querySelector(".tools").hidden = false;
page.querySelector("[data-copy]").addEventListener("click", (event) => {
  copy(event.currentTarget).catch(() => {});
});
page.querySelector("[data-print]").addEventListener("click", () => print());

if ("EventSource" in window && !("poll" in page.dataset)) follow();
else poll();

// A page brought back to the front, or restored by the back button, is shown as things stand now.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) fetchReceipt().catch(() => {});
});

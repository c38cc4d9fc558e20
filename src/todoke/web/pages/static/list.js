// The desk's list: what comes in shows up, marks are put without a new page, and keys do what the mouse does.
// Without JavaScript every link and button here works as a plain page's. It only puts in what the server made.
"use strict";

const SECONDS = [10, 10, 10, 20, 20, 30];
const SHOWN_SECONDS = 8;
const REST_MINUTES = 30; // nobody touched the page for so long: nobody waits for news
const list = () => document.getElementById("list");
const rows = () => [...document.querySelectorAll(".inbox > li")];
const news = document.getElementById("news");
let touched = Date.now();
let asked = 0;
let hiding = 0;
let work = Promise.resolve(); // marks are put one after the other, as they were asked for

// Told politely, and shown for some seconds where there is nothing else to see of it.
function say(text, isShown = false) {
  const said = document.getElementById("said");
  said.textContent = text === said.textContent ? `${text}\u00a0` : text; // the same once more is said once more
  said.toggleAttribute("data-shown", isShown);
  clearTimeout(hiding);
  if (isShown) hiding = setTimeout(() => said.removeAttribute("data-shown"), SHOWN_SECONDS * 1000);
}

const boxes = () => [...list().querySelectorAll(".inbox input")];
const chosen = () => boxes().filter((box) => box.checked).map((box) => box.name);

// The part of a page that the server made stands in for the one shown. Focus stays on its row, or on that which took
// its place; what is chosen stays so, if it is `kept`.
function putIn(text, url, kept) {
  const made = new DOMParser().parseFromString(text, "text/html");
  if (!made.getElementById("list")) return location.assign(url);
  const active = document.activeElement;
  const row = active?.closest(".inbox > li") ?? (active?.closest("#list") && list().querySelector("li:has(:checked)"));
  const at = rows().indexOf(row);
  const part = [".star", "input"].find((one) => active?.matches(one) && row?.contains(active)) ?? ".who a";
  for (const id of ["list", "total"]) {
    document.getElementById(id).replaceWith(document.adoptNode(made.getElementById(id)));
  }
  document.querySelector(".tabs").replaceWith(document.adoptNode(made.querySelector(".tabs")));
  for (const box of boxes()) box.checked = kept.includes(box.name);
  showAll();
  if (row) goTo(document.getElementById(row.id) ?? rows()[Math.min(at, rows().length - 1)], part);
  const done = made.getElementById("done");
  if (done) say(done.textContent, true);
}

// Nothing is moved that can be seen already. Where the last row went, the tab that is open has the focus.
function goTo(row, part) {
  const to = row?.querySelector(part) ?? document.querySelector(".tabs [aria-current]");
  to?.focus({ preventScroll: true });
  (row ?? to)?.scrollIntoView({ block: "nearest" });
}

// News: how many came since the newest shown. A hidden page asks nothing.
async function ask() {
  const { news: url, from } = list().dataset;
  const isWatched = !document.hidden && Date.now() - touched < REST_MINUTES * 60_000;
  if (url && isWatched) {
    try {
      const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}from=${encodeURIComponent(from)}`);
      if (answer.status === 403 || answer.status === 404) return; // shut: no more is told here
      if (answer.ok) tell(await answer.json());
    } catch {
      // no connection: the next time may do better
    }
  }
  asked += 1;
  setTimeout(ask, SECONDS[Math.min(asked, SECONDS.length - 1)] * 1000);
}

function tell(found) {
  const number = `${found.new}${found.more ? "+" : ""}`;
  const text = found.new === 1 && !found.more ? news.dataset.one : news.dataset.many.replace("%(n)s", number);
  if (found.new > 0 && (news.hidden || news.textContent !== text)) {
    news.textContent = text;
    news.hidden = false;
    say(text.split(/[:：]/)[0]);
  }
}

async function showNews() {
  const answer = await fetch(location.href);
  if (!answer.ok) return location.reload();
  news.hidden = true;
  say("");
  putIn(await answer.text(), location.href, chosen());
  rows()[0]?.querySelector(".who a").focus();
}

// Marks go by the list's own form; what the server answers is the list as it is then.
async function post(fields, isOne) {
  const form = list();
  const body = new URLSearchParams(fields);
  for (const hidden of form.querySelectorAll("input[type=hidden]")) body.set(hidden.name, hidden.value);
  form.setAttribute("aria-busy", "true");
  const answer = await fetch(form.action, { method: "POST", body });
  if (answer.status >= 500) throw new Error(answer.status);
  if (!answer.ok) return location.reload(); // shut, or gone: the page says so
  putIn(await answer.text(), location.href, isOne ? chosen() : []);
}

// Without a connection nothing is lost of what is shown and chosen: it can be tried again.
function put(fields, isOne = true) {
  const fail = () => {
    list().removeAttribute("aria-busy");
    say(document.getElementById("said").dataset.failed, true);
  };
  work = work.then(() => post(fields, isOne)).catch(fail);
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target !== list() || !["mark", "one"].includes(button?.name)) return;
  event.preventDefault();
  const isOne = button.name === "one";
  const names = isOne ? [] : chosen();
  if (isOne || names.length > 0) put([[button.name, button.value], ...names.map((name) => [name, "on"])], isOne);
});

// Choosing all is for scripts, and so is what is told to whoever points: the whole time, by their own clock, and who it
// is; and to whoever goes from row to row with a screen reader: all that the row says.
function showAll() {
  const all = document.getElementById("all");
  if (all) all.hidden = false;
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const parts = { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  const whole = new Intl.DateTimeFormat(language, parts);
  for (const time of document.querySelectorAll(".inbox time")) time.title = whole.format(new Date(time.dateTime));
  for (const who of document.querySelectorAll(".inbox .care")) {
    who.title = document.getElementById(who.getAttribute("aria-labelledby")).textContent;
  }
  for (const row of rows()) {
    const link = row.querySelector(".who a");
    const told = [".mails:not([data-tone=good])", ".text", ".form", ".when"];
    const parts = told.map((one) => row.querySelector(one)).filter(Boolean);
    parts.forEach((part, n) => { part.id = `${link.id}-${n}`; });
    const ids = [link.getAttribute("aria-describedby"), ...parts.map((part) => part.id)];
    link.setAttribute("aria-describedby", ids.filter(Boolean).join(" "));
  }
}

document.addEventListener("change", (event) => {
  if (!event.target.closest("#all")) return;
  for (const box of boxes()) box.checked = event.target.checked;
});

// Who comes back is where they were: the address of this page says which row was opened.
document.addEventListener("click", (event) => {
  const row = event.target.closest(".inbox .who a")?.closest("li");
  if (row) history.replaceState(null, "", `#${row.id}`);
});

// What is not asked does not stand in the address, which people keep and send to others.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches(".find")) return;
  for (const [name, value] of [...event.formData]) {
    if (!value) event.formData.delete(name);
  }
});

function current() {
  return document.activeElement?.closest(".inbox > li");
}

function move(step) {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + step))];
  next?.querySelector(".who a").focus();
  next?.scrollIntoView({ block: "nearest" });
}

function mark(one, other, isOther) {
  const row = current();
  if (row?.querySelector("label")) put([["one", `${isOther(row) ? other : one} ${row.id.slice(1)}`]]);
}

listen({
  j: () => move(1),
  k: () => move(-1),
  "/": () => document.getElementById("words").focus(),
  x: () => current()?.querySelector(".inbox input")?.click(),
  e: () => mark("done", "open", (row) => row.classList.contains("done")),
  s: () => mark("star", "unstar", (row) => row.querySelector(".star").value.startsWith("unstar")),
  u: () => mark("unread", "read", (row) => row.classList.contains("unread")),
});

document.addEventListener("keydown", () => {
  touched = Date.now();
});
news.addEventListener("click", () => showNews().catch(() => location.reload()));
document.addEventListener("pointerdown", () => {
  touched = Date.now();
});
document.addEventListener("visibilitychange", () => {
  touched = Date.now();
});
showAll();
setTimeout(ask, SECONDS[0] * 1000);

// Shows every <time> in the reader's own time zone and manner. Without JavaScript it stays as the server wrote it, in UTC.
"use strict";

function showTime(element) {
  const at = new Date(element.dateTime);
  if (!element.dateTime || Number.isNaN(at.getTime())) return;
  const short = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  const long = { dateStyle: "long", timeStyle: "short" };
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const style = element.dataset.style === "short" ? short : long;
  element.textContent = new Intl.DateTimeFormat(language, style).format(at);
  element.title = at.toISOString();
}

document.querySelectorAll("time").forEach(showTime);

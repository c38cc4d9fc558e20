// Every <time> is shown in the site's time zone, which it names. Whoever points at one reads their own time there.
"use strict";

function tellOwnTime(element) {
  const at = new Date(element.dateTime);
  if (!element.dateTime || Number.isNaN(at.getTime())) return;
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const clock = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  const day = { year: "numeric", month: "long", day: "numeric" };
  element.title = new Intl.DateTimeFormat(language, { ...day, ...clock }).format(at);
}

document.querySelectorAll("time").forEach(tellOwnTime);

// Every <time> is shown in the site's time zone, which it names. Whoever points at one reads their own time there.
"use strict";

// One for all: to make such a format takes a phone longer than to use it a hundred times.
const ownTime = new Intl.DateTimeFormat(
  document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang,
  { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" },
);

function tellOwnTime(element) {
  const at = new Date(element.dateTime);
  if (!element.dateTime || Number.isNaN(at.getTime())) return;
  element.title = ownTime.format(at);
}

document.querySelectorAll("time").forEach(tellOwnTime);

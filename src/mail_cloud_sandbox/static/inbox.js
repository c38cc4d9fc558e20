// Refresh what moves on a page: the list, or a mail's log. Without this script the Refresh link does it.
"use strict";
const live = document.querySelector("[data-live]");
let shown = live ? live.innerHTML : "";

async function refresh() {
  if (!live || document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (!fresh || fresh.innerHTML === shown) return;
    const focused = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    shown = fresh.innerHTML;
    live.replaceChildren(...fresh.childNodes);
    if (focused) live.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  } catch {
    // The sandbox is stopped or restarting: try again at the next turn.
  }
}

if (live) setInterval(refresh, 1500);

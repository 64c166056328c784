// Refreshes the overview's figures while the page is looked at. Without it the
// page shows the same figures when it is loaded again. The browser parses the answer as
// a document of its own, in which nothing runs: no text is made into markup here.
"use strict";
const PATH = "/overview/fragment";
const EVERY_MS = 1000;
const SLOWER_MS = 30000;
let failures = 0;

function busy(part) {
  const selection = document.getSelection();
  return (
    part.contains(document.activeElement) ||
    part.querySelector("details[open]") !== null ||
    (selection !== null && !selection.isCollapsed && selection.containsNode(part, true))
  );
}

function show(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next !== null && next.innerHTML !== part.innerHTML && !busy(part)) {
      part.replaceChildren(...next.childNodes);
    }
  }
}

function later() {
  setTimeout(refresh, Math.min(EVERY_MS * 2 ** failures, SLOWER_MS));
}

function refresh() {
  if (document.visibilityState !== "visible") {
    later();
    return;
  }
  const request = new XMLHttpRequest();
  request.open("GET", PATH);
  request.responseType = "document";
  request.addEventListener("loadend", () => {
    if (request.status === 401 || request.status === 403) {
      return;
    }
    const came = request.status === 200 && new URL(request.responseURL).pathname === PATH;
    if (came && request.response !== null) {
      show(request.response);
    }
    failures = came ? 0 : failures + 1;
    later();
  });
  request.send();
}

setTimeout(refresh, EVERY_MS);

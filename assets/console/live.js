// Refreshes the overview's figures while the page is looked at. Without it the
// page shows the same figures when it is loaded again.
"use strict";
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

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (next !== null && next.innerHTML !== part.innerHTML && !busy(part)) {
      part.replaceChildren(...next.childNodes);
    }
  }
}

async function refresh() {
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch("/overview/fragment", { redirect: "error" });
      if (answer.status === 401 || answer.status === 403) {
        return;
      }
      if (answer.ok) {
        show(await answer.text());
      }
      failures = answer.ok ? 0 : failures + 1;
    } catch {
      failures += 1;
    }
  }
  setTimeout(refresh, Math.min(EVERY_MS * 2 ** failures, SLOWER_MS));
}

setTimeout(refresh, EVERY_MS);

// Adds a copy button to each box. Without it a click in the box selects all of it.
"use strict";
for (const box of document.querySelectorAll(".copy")) {
  const text = box.querySelector("pre").textContent;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tiny";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(box.querySelector("pre"));
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => (button.textContent = "Copy"), 2500);
  });
  box.append(button);
}

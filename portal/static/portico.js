// Small comforts; every page works without them.
(() => {
  "use strict";

  // Show what is being typed into a password field.
  for (const input of document.querySelectorAll("input[data-reveal]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = "Show";
    button.setAttribute("aria-label", "Show password");
    button.addEventListener("click", () => {
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.textContent = shown ? "Hide" : "Show";
      button.setAttribute("aria-label", shown ? "Hide password" : "Show password");
    });
    const wrap = document.createElement("div");
    wrap.className = "password";
    input.replaceWith(wrap);
    wrap.append(input, button);
  }

  // Beside times in the provider's zone: the reader's own, where it differs.
  const said = (at, zone, day) =>
    new Intl.DateTimeFormat("en-US", { ...(day && { weekday: "short" }), hour: "numeric", minute: "2-digit", timeZone: zone }).format(at);
  for (const time of document.querySelectorAll("time[data-zone]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const there = time.dataset.zone;
    if (said(at, undefined, true) === said(at, there, true)) continue;
    const otherDay = said(at, undefined, true).slice(0, 3) !== said(at, there, true).slice(0, 3);
    const mine = document.createElement("small");
    mine.className = "local-time";
    const here = said(at, undefined, otherDay);
    mine.textContent = time.dataset.short === undefined ? ` (${here} where you are)` : `your ${here}`;
    time.append(mine);
  }

  // Copy a link, or what is to be pasted elsewhere. Without a clipboard (plain http): it is selected, and can be copied.
  for (const one of document.querySelectorAll("[data-select]")) one.addEventListener("focus", () => one.select());
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      source.select();
      const copied = navigator.clipboard
        ? await navigator.clipboard.writeText(source.value).then(() => true, () => false)
        : document.execCommand("copy");
      button.textContent = copied ? "Copied" : "Selected: copy it now";
    });
  }

  // After a refused form: begin at what needs correcting.
  document.querySelector("[data-focus]")?.focus();
})();

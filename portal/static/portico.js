// Small comforts; every page works without them.
(() => {
  "use strict";

  // A page that waits for a machine looks again, and is loaded anew only when it says something new.
  const said = (page) => page.querySelector("main")?.textContent;
  const atFirst = said(document);
  const lookAgain = (refresh) => {
    const [seconds, address = location.href] = refresh.split("; url=");
    setTimeout(async () => {
      let next = refresh;
      try {
        const answer = await fetch(address);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (answer.redirected || said(page) !== atFirst) return location.replace(address);
        next = page.querySelector("main").dataset.refresh;
      } catch {
        // No connection just now: the next look tells.
      }
      if (next) lookAgain(next);
    }, Number(seconds) * 1000);
  };
  const waiting = document.querySelector("main[data-refresh]");
  if (waiting) lookAgain(waiting.dataset.refresh);

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
  const spoken = (at, zone, day) =>
    new Intl.DateTimeFormat("en-US", { ...(day && { weekday: "short" }), hour: "numeric", minute: "2-digit", timeZone: zone }).format(at);
  for (const time of document.querySelectorAll("time[data-zone]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const there = time.dataset.zone;
    if (spoken(at, undefined, true) === spoken(at, there, true)) continue;
    const otherDay = spoken(at, undefined, true).slice(0, 3) !== spoken(at, there, true).slice(0, 3);
    const mine = document.createElement("small");
    mine.className = "local-time";
    const here = spoken(at, undefined, otherDay);
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

  // A file that is too large is told before it is sent.
  for (const input of document.querySelectorAll("input[type=file][data-largest]")) {
    const told = document.createElement("p");
    told.className = "problem";
    told.setAttribute("role", "alert");
    input.before(told);
    input.addEventListener("change", () => {
      const large = [...input.files].filter((file) => file.size > Number(input.dataset.largest));
      told.textContent = large.map((file) => `“${file.name}” is too large: ${(file.size / 1048576).toFixed(1)} MB.`).join(" ");
    });
  }

  // Choosing many: all of this page at once, and how many are chosen.
  for (const form of document.querySelectorAll("form[data-choosing]")) {
    const boxes = [...form.querySelectorAll("input[name=client]")];
    const all = document.createElement("input");
    all.type = "checkbox";
    const label = document.createElement("label");
    label.className = "choice";
    const words = document.createElement("span");
    words.textContent = "Choose all of this page";
    label.append(all, words);
    form.querySelector("[data-choose-all]").append(label);
    const count = form.querySelector("[data-chosen]");
    const told = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      count.textContent = chosen ? ` (${chosen})` : "";
      all.checked = chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    };
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      told();
    });
    form.addEventListener("change", told);
    window.addEventListener("pageshow", told);
    told();
  }

  // After a refused form: begin at what needs correcting.
  document.querySelector("[data-focus]")?.focus();
})();

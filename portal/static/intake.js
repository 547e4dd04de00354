// The intake form while somebody writes: saved as it grows, showing what is asked. It all works without this, too.
(() => {
  "use strict";

  const form = document.querySelector("form[data-questionnaire]");
  if (!form) return;
  const places = [...form.querySelectorAll("[data-when]")];
  const status = form.querySelector("[data-saved]");
  const revision = form.elements.namedItem("revision");

  // Hide the questions that the other answers make needless; the server decides in the end.
  const shown = (name) =>
    [...form.elements].filter(
      (one) => one.name === name && !one.closest("[hidden]") && (!/^(radio|checkbox)$/.test(one.type) || one.checked),
    );
  // Of a quantity, the numbers in one unit only; of an open choice, words of one's own as well.
  const given = (name, unit) => {
    const units = unit === undefined ? [] : shown(`${name}--unit`);
    const inUnit = shown(name).filter((one, index) => unit === undefined || units[index]?.value.trim() === unit);
    return [...inUnit, ...shown(`${name}--other`)].map((one) => one.value).filter((value) => value.trim() !== "");
  };
  const order = (value, wanted) => {
    const numbers = [Number(value.replace(",", ".")), Number(wanted)];
    return numbers.some(Number.isNaN) ? (value < wanted ? -1 : value > wanted ? 1 : 0) : numbers[0] - numbers[1];
  };
  const compared = {
    "=": (by) => by === 0, "!=": (by) => by !== 0, ">": (by) => by > 0, "<": (by) => by < 0, ">=": (by) => by >= 0, "<=": (by) => by <= 0,
  };
  const holds = ([name, operator, wanted, unit]) => {
    if (operator === "later") return true; // the server knows
    if (operator === "exists") return (given(name).length > 0) === (wanted === "true");
    const values = given(name, unit ?? undefined);
    if (operator === "!=") return values.every((value) => order(value.trim(), wanted) !== 0);
    return values.some((value) => compared[operator]?.(order(value.trim(), wanted)) ?? true);
  };
  const show = (place, asked) => {
    place.hidden = !asked;
    for (const note of place.querySelectorAll(":scope > .only-if")) note.hidden = true;
  };
  const update = () => {
    // A hidden answer counts for nothing, so what hangs on it is looked at again.
    for (let round = 0; round < places.length + 1; round += 1) {
      let moved = false;
      for (const place of places) {
        const conditions = JSON.parse(place.dataset.when);
        const asked = place.dataset.any === "true" ? conditions.some(holds) : conditions.every(holds);
        moved ||= place.hidden === asked;
        show(place, asked);
      }
      if (!moved) break;
    }
  };

  // "None of these" stands alone.
  form.addEventListener("change", ({ target }) => {
    if (target.type !== "checkbox" || !target.checked) return;
    for (const other of form.querySelectorAll(`input[type=checkbox][name="${CSS.escape(target.name)}"]`)) {
      if (other !== target && (target.hasAttribute("data-exclusive") || other.hasAttribute("data-exclusive"))) other.checked = false;
    }
  });

  // Who writes in their own words chooses "something else" by that.
  form.addEventListener("input", ({ target }) => {
    const otherwise = target.name?.endsWith("--other") && target.value.trim() !== "" && target.closest("fieldset");
    const radio = otherwise && otherwise.querySelector(`input[type=radio][name="${CSS.escape(target.name.slice(0, -7))}"][value=""]`);
    if (radio) radio.checked = true;
  });

  const tellErrors = (errors) => {
    for (const place of form.querySelectorAll("[data-item]")) {
      const id = place.dataset.item;
      const field = document.getElementById(id);
      if (!field || place.contains(document.activeElement)) continue; // nobody is corrected while writing
      let note = document.getElementById(`${id}-error`);
      if (!errors[id]) {
        note?.remove();
        field.removeAttribute("aria-invalid");
        continue;
      }
      if (!note) {
        note = document.createElement("p");
        note.className = "problem";
        note.id = `${id}-error`;
        if (field.matches("fieldset")) field.querySelector("legend").after(note);
        else field.before(note);
        field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${note.id}`.trim());
      }
      field.setAttribute("aria-invalid", "true");
      note.textContent = errors[id];
    }
  };

  // A button is called "action" too, so `form.action` would be that button.
  // Save a moment after the last change; one save at a time, so that none overtakes another.
  let changed = false;
  let saving = false;
  let stopped = false;
  let waiting;
  const save = async (keepalive = false) => {
    clearTimeout(waiting);
    if (!changed || saving || stopped) return;
    saving = true;
    changed = false;
    const body = new URLSearchParams(new FormData(form));
    body.set("action", "autosave");
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body, keepalive, headers: { Accept: "application/json" } });
      if (answer.status === 409) {
        stopped = true;
        status.textContent = (await answer.json()).detail;
      } else if (answer.ok && !answer.redirected) {
        const saved = await answer.json();
        revision.value = saved.revision;
        form.querySelector("[data-answered]").textContent = saved.answered;
        form.querySelector("[data-total]").textContent = saved.total;
        Object.assign(form.querySelector("progress"), { max: saved.total || 1, value: saved.answered });
        if (!changed) for (const place of places) show(place, !saved.not_asked.includes(place.dataset.item));
        tellErrors(saved.errors);
        status.textContent = "Saved.";
      } else {
        throw new Error(String(answer.status));
      }
    } catch {
      changed = true;
      status.textContent = "Not saved yet. Please press “Save for later” in a moment.";
    }
    saving = false;
    if (changed && !stopped) waiting = setTimeout(save, 5000);
  };
  form.addEventListener("input", () => {
    changed = true;
    update();
    clearTimeout(waiting);
    waiting = setTimeout(save, 1000);
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(true); });
  window.addEventListener("beforeunload", (event) => {
    if ((changed || saving) && document.body.dataset.leaving === undefined) event.preventDefault();
  });
  // Whoever presses a button takes a save under way along: the button's own save comes after it.
  form.addEventListener("submit", (event) => {
    clearTimeout(waiting);
    if (!saving) {
      changed = false;
      stopped = true;
      return;
    }
    event.preventDefault();
    changed = false;
    const button = event.submitter;
    const later = setInterval(() => {
      if (saving) return;
      clearInterval(later);
      form.requestSubmit(button);
    }, 50);
  });
  update();
})();

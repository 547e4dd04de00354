// The way to Portico from another website. Where this can't run, the link that stands in the page stays.
(() => {
  "use strict";
  const portal = {{ portal | tojson }};
  const origin = new URL(portal).origin;
  const provider = {{ slug | tojson }};
  const name = {{ name | tojson }};
  const gone = {{ gone | tojson }}; // what is said where the provider has left
  const own = document.currentScript;
  const PATIENCE = 8000; // milliseconds that the form has to say that it is there
  const TALLEST = 20000;

  const places = (kind) => [...document.querySelectorAll(`[data-portico-${kind}="${CSS.escape(provider)}"]`)];

  const asButton = (one) => {
    if (gone) {
      const said = document.createElement("p");
      said.textContent = gone;
      one.replaceWith(said);
      return;
    }
    Object.assign(one.style, {
      display: "inline-block", padding: "0.75em 1.4em", borderRadius: "0.6em", background: "#1d5b54", color: "#fff",
      fontWeight: "600", lineHeight: "1.3", textDecoration: "none",
    });
  };

  // The form stands in a frame beside the link, and takes its place once it has answered.
  const showForm = (place) => {
    const fallback = [...place.childNodes];
    const frame = document.createElement("iframe");
    frame.title = `Sign-up form: ${name}`;
    frame.src = `${portal}/embed/${provider}/signup`;
    Object.assign(frame.style, {
      display: "block", width: "100%", height: "0", border: "0", borderRadius: "12px", visibility: "hidden",
      colorScheme: "light",
    });
    let shown = false;
    let waiting;

    const giveUp = () => {
      window.removeEventListener("message", hear);
      frame.remove();
      place.replaceChildren(...fallback);
      console.warn(`Portico: the sign-up form can't be shown here. Is ${location.origin} one of your websites in the portal settings?`);
    };
    const hear = (event) => {
      if (event.origin !== origin || event.source !== frame.contentWindow) return;
      const { portico, height } = event.data ?? {};
      if (portico !== "shown" && portico !== "height") return;
      if (!Number.isFinite(height) || height <= 0) return;
      frame.style.height = `${Math.min(Math.ceil(height), TALLEST)}px`;
      if (portico === "height") return;
      clearTimeout(waiting);
      frame.style.visibility = "visible";
      // Another page of the form: begin where it begins.
      if (shown && frame.getBoundingClientRect().top < 0) frame.scrollIntoView({ block: "start" });
      for (const one of fallback) one.remove();
      shown = true;
    };
    const hello = () => {
      clearTimeout(waiting);
      waiting = setTimeout(giveUp, PATIENCE);
      // Only our own page hears this; a refused frame is another origin, and stays silent.
      frame.contentWindow.postMessage({ portico: "hello" }, origin);
    };
    window.addEventListener("message", hear);
    frame.addEventListener("load", hello);
    waiting = setTimeout(giveUp, 3 * PATIENCE);
    place.append(frame);
  };

  const start = () => {
    if (!places("form").length && !places("button").length) beside(own);
    for (const [kind, show] of [["button", asButton], ["form", showForm]]) {
      for (const place of places(kind)) {
        if (place.porticoTaken) continue;
        place.porticoTaken = true;
        show(place);
      }
    }
  };

  // The script by itself: a button where it stands, or the form with data-portico="form".
  const beside = (script) => {
    if (!script || !document.body?.contains(script)) return;
    const form = script.dataset.portico === "form";
    const link = document.createElement("a");
    link.href = `${portal}/p/${provider}${form ? "/signup" : ""}`;
    link.textContent = form ? "I'm a New Client" : "New and existing clients";
    const place = form ? document.createElement("div") : link;
    if (form) place.append(link);
    place.setAttribute(`data-portico-${form ? "form" : "button"}`, provider);
    script.after(place);
  };

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

// Signed-in pages: a warning before the session ends by itself, and the way out when it has ended.
(() => {
  "use strict";

  const { session, signIn } = document.body.dataset;
  if (!session) return;
  const WARN_SECONDS = 120;
  const LOOK_EVERY = 10_000;
  const SAY_AT_MOST_EVERY = 120_000;
  let endsAt = 0; // by this machine's clock; asked of the server, since another tab may be in use
  let saidAt = Date.now();
  let dialog;
  let ticking;

  const left = () => Math.ceil((endsAt - Date.now()) / 1000);
  const ask = async () => {
    const answer = await fetch(session, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    endsAt = Date.now() + (await answer.json()).seconds_left * 1000;
  };
  const stay = async () => {
    saidAt = Date.now();
    const answer = await fetch(session, { method: "POST" });
    if (answer.redirected && new URL(answer.url).pathname === signIn) return leave(); // it was over already
    await ask();
    if (left() > WARN_SECONDS) close();
  };
  const leave = () => {
    document.body.dataset.leaving = ""; // nothing asks whether to stay: nobody is here
    const here = location.pathname + location.search;
    location.replace(`${signIn}?${new URLSearchParams({ next: here, done: "idle" })}`);
  };
  const close = () => {
    clearInterval(ticking);
    dialog?.close();
  };

  const spoken = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const tick = () => {
    const seconds = left();
    if (seconds <= 0) return void look();
    dialog.querySelector("[data-left]").textContent = spoken(seconds);
    if (seconds % 30 === 0) dialog.querySelector("[role=status]").textContent = `${seconds} seconds left.`;
  };
  const warn = () => {
    dialog ??= made();
    if (dialog.open) return;
    dialog.showModal();
    tick();
    ticking = setInterval(tick, 1000);
  };
  const made = () => {
    const box = document.createElement("dialog");
    box.className = "card big";
    box.setAttribute("role", "alertdialog");
    box.setAttribute("aria-labelledby", "session-title");
    box.setAttribute("aria-describedby", "session-text");
    box.innerHTML = `<h2 id="session-title">Are you still there?</h2>
      <p id="session-text">For your privacy you will be signed out in <strong data-left></strong>. What isn't saved by then is lost; drafts of the intake form save themselves.</p>
      <p class="visually-hidden" role="status"></p>
      <div class="actions"><button class="main" autofocus>Stay signed in</button></div>`;
    box.querySelector("button").addEventListener("click", () => stay().catch(() => {}));
    box.addEventListener("cancel", (event) => { // the Escape key: somebody is here
      event.preventDefault();
      stay().catch(() => {});
    });
    document.body.append(box);
    return box;
  };

  // The server is asked again before anybody is warned or sent away.
  const look = async () => {
    if (left() > WARN_SECONDS) return;
    try {
      await ask();
    } catch {
      return; // no connection: what the server thinks is seen when it is back
    }
    if (left() <= 0) leave();
    else if (left() <= WARN_SECONDS) warn();
    else close();
  };
  ask().catch(() => {});
  setInterval(look, LOOK_EVERY);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") look(); });

  // Whoever types or clicks is here, though no page is loaded meanwhile.
  const here = () => {
    if (Date.now() - saidAt > SAY_AT_MOST_EVERY && !dialog?.open) stay().catch(() => {});
  };
  for (const kind of ["input", "click", "keydown"]) document.addEventListener(kind, here, { passive: true });
})();

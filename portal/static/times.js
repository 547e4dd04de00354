// Clocks of the client portal: the reader's zone is told to the server, and a hold counts down.
(() => {
  "use strict";

  // The device's zone, for the next page; a page that could have been in it is loaded once more.
  const NAME = "portico_zone";
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const told = () => decodeURIComponent(document.cookie.match(/(?:^|; )portico_zone=([^;]*)/)?.[1] ?? "");
  if (mine && told() !== mine) {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${NAME}=${encodeURIComponent(mine)}; path=/portal; max-age=31536000; samesite=lax${secure}`;
    const shown = document.querySelector("[data-follows-zone]")?.dataset.followsZone;
    if (shown && shown !== mine && told() === mine) location.reload();
  }

  // A hold: seen every second, and said to screen readers now and then, never in the middle of a word.
  const SAID_AT = [600, 300, 120, 60, 30];
  for (const box of document.querySelectorAll("[data-seconds-left]")) {
    const endsAt = performance.now() + Number(box.dataset.secondsLeft) * 1000;
    const clock = box.querySelector("[data-clock]");
    const said = box.querySelector("[role=status]");
    const left = () => Math.max(0, Math.round((endsAt - performance.now()) / 1000));
    const spoken = (seconds) => {
      const count = seconds >= 60 ? Math.round(seconds / 60) : seconds;
      return `${count} ${seconds >= 60 ? "minute" : "second"}${count === 1 ? "" : "s"}`;
    };
    let before = left();
    const tick = () => {
      const seconds = left();
      clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      const passed = SAID_AT.filter((one) => one < before && one >= seconds);
      if (passed.length) said.textContent = `${spoken(seconds)} left to pay.`;
      before = seconds;
      if (seconds > 0) return;
      clearInterval(ticking);
      said.textContent = "The time is no longer held.";
      setTimeout(() => location.reload(), 5000); // by then the booking has looked, too
    };
    box.hidden = false;
    const ticking = setInterval(tick, 1000);
    tick();
  }
})();

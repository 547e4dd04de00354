// The sign-up form inside a website: tells the page around it how tall it is. Only the provider's own websites are told.
(() => {
  "use strict";
  if (window.parent === window) return;
  const websites = document.body.dataset.websites.split(" ");
  let website = null;
  const tell = (what) => {
    if (website === null) return;
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    window.parent.postMessage({ portico: what, height }, website);
  };
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || !websites.includes(event.origin) || event.data?.portico !== "hello") return;
    website = event.origin;
    tell("shown");
  });
  new ResizeObserver(() => tell("height")).observe(document.documentElement);
})();

// What axe doesn't measure. Put into the page beside axe; each function answers with sentences.
globalThis.portico = {
  name(element) {
    const id = element.id ? `#${element.id}` : "";
    const classes = element.classList.length ? `.${[...element.classList].join(".")}` : "";
    return `<${element.localName}${id}${classes}> “${(element.innerText || element.name || "").trim().slice(0, 40)}”`;
  },

  // Whatever sticks out to the right, so that the page scrolls sideways.
  sideways() {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const wide = [...document.body.querySelectorAll("*")].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 0 && box.right > room + 0.5;
    });
    const innermost = wide.filter((one) => !wide.some((other) => other !== one && one.contains(other)));
    return innermost.slice(0, 5).map((one) => `${this.name(one)} reaches ${Math.round(one.getBoundingClientRect().right)} of ${room} px`);
  },

  // What lies over all of it (WCAG 2.4.11 asks that some of it can be seen); nothing where it can be seen.
  whatHides(one) {
    const box = one.getBoundingClientRect();
    const places = [[0.5, 0.5], [0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]];
    const there = places.map(([x, y]) => document.elementFromPoint(box.x + box.width * x, box.y + box.height * y));
    const seen = there.some((over) => over && (one.contains(over) || over.contains(one) || one.labels?.[0]?.contains(over)));
    return seen ? null : there.find((over) => over) ?? document.documentElement;
  },

  // Whatever takes the focus without showing it, or hidden behind something that sticks.
  unfocused() {
    const found = [];
    const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    for (const one of document.querySelectorAll(all)) {
      if (one.disabled || one.tabIndex < 0 || !one.checkVisibility({ visibilityProperty: true })) continue;
      one.focus({ focusVisible: true });
      if (document.activeElement !== one) continue;
      const shows = [one, one.nextElementSibling, one.closest("label")].some((place) => {
        if (!place) return false;
        const style = getComputedStyle(place);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      });
      if (!shows) found.push(`${this.name(one)} shows no focus`);
      const over = this.whatHides(one);
      if (over) found.push(`${this.name(one)} is behind ${this.name(over)} when it has the focus`);
    }
    return found;
  },
};

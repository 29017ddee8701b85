"use strict";
(() => {
  const tip = document.getElementById("tip");
  const place = (event) => {
    const beside = 14, box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(event.clientX + beside, innerWidth - box.width - 4)) + "px";
    tip.style.top = Math.max(4, event.clientY - box.height - beside) + "px";
  };
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest("[data-tip]");
    tip.hidden = !mark;
    if (mark) {
      tip.textContent = mark.dataset.tip;
      place(event);
    }
  });
  document.addEventListener("pointerleave", () => { tip.hidden = true; });

  // A sunburst is a tree: Tab enters it once, arrow keys walk it, the middle names where one is.
  for (const sunburst of document.querySelectorAll(".sunburst")) {
    const arcs = [...sunburst.querySelectorAll(".arc")];
    const what = sunburst.querySelector(".what"), much = sunburst.querySelector(".much");
    const atRest = [what.textContent, much.textContent];
    const level = (arc) => Number(arc.getAttribute("aria-level"));
    const name = (arc) => {
      [what.textContent, much.textContent] = arc ? [arc.dataset.what, arc.dataset.much] : atRest;
    };
    const verbOf = (at) => {
      while (level(arcs[at]) > 1) at -= 1;
      return at;
    };
    const step = {
      ArrowDown: (at) => at + 1,
      ArrowUp: (at) => at - 1,
      ArrowRight: (at) => (level(arcs[at]) === 1 ? at + 1 : at),
      ArrowLeft: verbOf,
      Home: () => 0,
      End: () => arcs.length - 1,
    };
    sunburst.addEventListener("keydown", (event) => {
      const at = arcs.indexOf(document.activeElement);
      if (at < 0 || !(event.key in step) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const next = arcs[Math.max(0, Math.min(arcs.length - 1, step[event.key](at)))];
      arcs[at].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
    sunburst.addEventListener("focusin", (event) => name(event.target.closest(".arc")));
    sunburst.addEventListener("focusout", () => name(null));
    sunburst.addEventListener("pointerover", (event) => name(event.target.closest(".arc")));
    sunburst.addEventListener("pointerleave", () => name(document.activeElement.closest(".arc")));
  }

  // What scrolls sideways must be reachable by keyboard; what does not must not be one more stop.
  const reachable = () => {
    for (const region of document.querySelectorAll(".scroll")) {
      if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", reachable);
  document.addEventListener("toggle", reachable, true);
  reachable();

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".reason:not([open])")];
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });
})();

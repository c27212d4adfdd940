// What the theme leaves out, or does with handlers inside its pages, which the site's policy forbids.
addEventListener("DOMContentLoaded", () => {
  document.querySelector("[data-act=print]")?.addEventListener("click", () => print());

  // To the same section in the other language.
  const edition = document.querySelector(".edition");
  const follow = () => {
    const section = document.querySelector("#pst-page-toc-nav a[aria-current]");
    edition.hash = location.hash || section?.hash || "";
    edition.search = location.search;
  };
  for (const event of ["pointerdown", "focus"]) edition?.addEventListener(event, follow);

  // A button for each cell, and each with a name of its own.
  document.querySelectorAll(".copybtn").forEach((button, i) => {
    button.ariaLabel = _("Copy code, cell {}").replace("{}", i + 1);
  });

  // On a wide page the contents stand below its own name: code needs the room beside it.
  const contents = document.getElementById("pst-page-toc-nav");
  const active = document.querySelector("nav.bd-links li.current.active");
  const place = contents?.parentElement;
  const wide = matchMedia("(min-width: 75rem)");
  const move = () => (wide.matches ? active : place).append(contents);
  if (place && active) {
    wide.addEventListener("change", move);
    move();
  }

  // One switch for all pictures of all pages.
  const { dataset } = document.documentElement, motion = document.getElementById("pictures-play");
  motion.closest("p").hidden = false; // which needs this script
  motion.checked = dataset.motion !== "none";
  motion.addEventListener("change", () => {
    dataset.motion = motion.checked ? "auto" : "none";
    localStorage.setItem("motion", dataset.motion);
  });

  // A side bar that is shown, or not.
  for (const toggle of document.querySelectorAll(".sidebar-toggle[aria-controls]")) {
    const bar = document.getElementById(toggle.getAttribute("aria-controls"));
    const shown = () => !bar.classList.contains("pst-sidebar-hidden")
      && bar.checkVisibility({ visibilityProperty: true });
    const tell = () => { toggle.ariaExpanded = shown(); };
    new MutationObserver(tell).observe(bar, { attributeFilter: ["class"] });
    addEventListener("resize", tell);
    tell();
  }

  // An exercise whose check has said yes in this notebook is not known here: the reader says so.
  for (const state of document.querySelectorAll(".exercise .state input")) {
    const key = `${location.pathname}#${state.name}`;
    state.checked = localStorage.getItem(key) === "right";
    state.addEventListener("change", () => localStorage.setItem(key, state.checked ? "right" : ""));
  }
});

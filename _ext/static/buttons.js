// What the theme leaves to Bootstrap (80 KB) and to handlers inside its pages, which the policy of
// the site forbids: menus that open, the button that leads back to the top, full screen and print.

addEventListener("DOMContentLoaded", () => {
  const acts = { print: () => print(), fullscreen: toggleFullScreen };
  const menus = [...document.querySelectorAll('[data-bs-toggle="dropdown"]')];

  // Where the style sheet of Bootstrap puts a menu that its script does not place.
  for (const button of menus) button.nextElementSibling.dataset.bsPopper = "static";

  const open = (button, yes) => {
    button.setAttribute("aria-expanded", yes);
    button.nextElementSibling.classList.toggle("show", yes);
  };

  addEventListener("click", ({ target }) => {
    for (const button of menus)
      open(button, button.contains(target) && button.ariaExpanded !== "true");
    acts[target.closest("[data-act]")?.dataset.act]?.();
  });

  addEventListener("keydown", (event) => {
    const button = menus.find((menu) => menu.parentElement.contains(event.target));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!button || !(step || event.key === "Escape")) return;
    event.preventDefault();
    open(button, Boolean(step));
    const entries = [...button.nextElementSibling.querySelectorAll(".dropdown-item")];
    const next = Math.max(entries.indexOf(event.target) + step, -1) % entries.length;
    (step ? entries.at(next) : button).focus();
  });

  const top = document.getElementById("pst-back-to-top");
  let before = 0; // to ask for it now would lay out the page too early
  top.addEventListener("click", () => scrollTo(0, 0));
  addEventListener("scroll", () => {
    top.style.display = scrollY > 0 && scrollY < before ? "block" : "none";
    before = scrollY;
  });
});

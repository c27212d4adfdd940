// What handlers inside of the theme's pages did, which the policy of the site forbids.
addEventListener("click", ({ target }) => {
  const acts = { print: () => print(), fullscreen: toggleFullScreen };
  acts[target.closest("[data-act]")?.dataset.act]?.();
});

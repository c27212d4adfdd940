/* <conv-steps>: a picture of several steps, with ‹ play › below it. A part with data-step="a b" is
shown from step a until before step b; with data-of="n", whenever the step modulo n is among these.
Pictures play while they are in view, and stand still for a reader who prefers reduced motion and
on a page with <html data-motion="none">, a switch for all of them. */
(() => {
if (customElements.get("conv-steps")) return;

const TEXT = {};
const SECONDS = 1.5; // for each step
const page = document.documentElement, all = new Set();
const reduced = matchMedia("(prefers-reduced-motion: reduce)");
const still = () => reduced.matches || page.dataset.motion === "none";
const settle = () => all.forEach((picture) => picture.play(!still()));
new MutationObserver(settle).observe(page, { attributeFilter: ["data-motion"] });
reduced.addEventListener("change", settle);
const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

customElements.define("conv-steps", class extends HTMLElement {
  connectedCallback() {
    // While a page is read, an element is connected before its parts are there.
    if (document.readyState === "loading")
      document.addEventListener("DOMContentLoaded", () => this.begin(), { once: true });
    else this.begin();
  }
  disconnectedCallback() {
    all.delete(this);
    this.observer?.disconnect();
    clearInterval(this.timer);
  }
  begin() {
    if (!this.isConnected) return;
    this.parts ??= [...this.querySelectorAll("[data-step]")].map((part) =>
      [part, part.dataset.step.split(" ").map(Number), Number(part.dataset.of ?? Infinity)]);
    this.count = Number(this.dataset.steps);
    this.step ??= still() ? this.count - 1 : 0;
    if (!this.status) this.addButtons();
    this.observer = new IntersectionObserver(([{ isIntersecting }]) => {
      this.inView = isIntersecting;
      this.run();
    }, { threshold: 0.3 });
    this.observer.observe(this);
    all.add(this);
    this.show();
    this.play(!still());
  }
  addButtons() {
    const title = this.dataset.title;
    const button = (text, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = text;
      made.addEventListener("click", act);
      return made;
    };
    const bar = document.createElement("div");
    bar.className = "conv-buttons";
    const back = button("‹", () => this.turn(-1)), next = button("›", () => this.turn(1));
    back.ariaLabel = say(TEXT.back, { title });
    next.ariaLabel = say(TEXT.next, { title });
    this.button = button("", () => this.play(!this.playing));
    this.place = document.createElement("span");
    this.place.ariaHidden = "true";
    this.status = document.createElement("span");
    this.status.className = "conv-status";
    this.status.role = "status";
    bar.append(back, this.button, next, this.place, this.status);
    this.append(bar);
  }
  play(on) {
    this.playing = on;
    this.button.textContent = on ? TEXT.pause : TEXT.play;
    this.button.ariaLabel = `${this.button.textContent}: ${this.dataset.title}`;
    this.run();
  }
  run() {
    clearInterval(this.timer);
    if (this.playing && this.inView) this.timer = setInterval(() => this.move(1), 1000 * SECONDS);
  }
  turn(by) { // by hand: no longer by itself, and said aloud
    this.play(false);
    this.move(by);
    const line = this.querySelector(`.conv-text [data-step^="${this.step} "]`)?.textContent ?? "";
    this.status.textContent = say(TEXT.step, { ...this.numbers(), line });
  }
  move(by) {
    this.step = (this.step + by + this.count) % this.count;
    this.show();
  }
  numbers() {
    return { step: this.step + 1, count: this.count };
  }
  show() {
    for (const [part, [from, until], cycle] of this.parts) {
      const step = this.step % cycle;
      part.style.visibility = from <= step && step < until ? "visible" : "hidden";
    }
    this.place.textContent = say(TEXT.place, this.numbers());
  }
});
})();

/* What both elements are made of: a skeleton that is drawn anew when an attribute changes, helpers
to find, listen, copy and write, and the address of the page, which keeps the state. */

export const FRAMED = top !== self; // the address of a frame is of no use

// ---- Markup ----

/** Buttons, each with its name as a class. @param {Record<string, any>} words */
export const buttons = (words, ...names) =>
  names.map((name) => `<button class="${name}">${words[name]}</button>`).join(" ");
/** A menu; what has no value is only shown. @param {any[]} values @param {any[]} words */
export const menu = (id, label, values, words, more = "") => `<label ${more}>${label}
  <select id="${id}">${values.map((value, i) =>
    `<option value="${value}" ${value ? "" : "hidden"}>${words[i]}</option>`).join("")
}</select></label>`;

/** Copy a text; false where that is not allowed. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { return false; }
}

// ---- Elements ----

/** What an element has of its own: `stateIn` gives the part of an address that is its state, and
 * `address` the one that it has now.
 * @typedef {{build(): void, draw(): void, stateIn(hash: string): string | undefined,
 *   address(): string}} Parts */
export class ConvElement extends /** @type {new () => HTMLElement & Parts} */ (HTMLElement) {
  /** @type {any} */
  root; // once it has been in a page

  connectedCallback() {
    if (!this.root) this.build();
    addEventListener("hashchange", this.#readAddress);
    this.#readAddress();
    this.wait();
  }

  disconnectedCallback() { removeEventListener("hashchange", this.#readAddress); }

  /** Draw once all attributes have changed. */
  wait() { if (this.root) queueMicrotask(() => this.draw()); }

  /** @param {string} skeleton @param {...CSSStyleSheet} sheets */
  furnish(skeleton, ...sheets) {
    this.root = this.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = sheets;
    this.root.innerHTML = skeleton;
  }

  /** @returns {any} */
  find(selector) { return this.root.querySelector(selector); }

  /** @returns {any[]} */
  all(selector) { return [...this.root.querySelectorAll(selector)]; }

  /** @param {(target: any, event: any) => void} react */
  on(selector, type, react) {
    for (const node of this.all(selector))
      node.addEventListener(type, (event) => react(event.target, event));
  }

  /** What clicks do, by the class of what is clicked. */
  clicks(reactions) { for (const name in reactions) this.on("." + name, "click", reactions[name]); }

  /** Write a text into a node. */
  text(selector, text) { this.find(selector).textContent = text; }

  /** Set an attribute; null removes it. */
  give(name, value) {
    if (value === null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }

  /** Someone else's anchor in the address is left alone, unless the reader asks to share. */
  writeAddress(isAsked) {
    const { hash } = location;
    if (!FRAMED && (isAsked || !hash || this.stateIn(hash) !== undefined))
      try {
        history.replaceState(history.state, "", this.address());
      } catch { /* some sandboxes have no history */ }
  }

  #readAddress = () => {
    const text = this.stateIn(location.hash), state = new URLSearchParams(text);
    const { addressed } = /** @type {any} */ (this.constructor);
    if (text !== undefined) for (const name of addressed) this.give(name, state.get(name));
  };
}

// The text around a word that was found: that of the article, without its buttons and without its
// mathematics a second time; for a term or a function, what is said of it. Styles are cut out
// before the page is parsed, because the policy of the page of the search forbids them.
Search.htmlToText = (html, anchor) => {
  const page = html.replace(/<style.*?<\/style>/gs, "");
  const article = new DOMParser().parseFromString(page, "text/html").querySelector(".bd-article");
  const rest = ".headerlink, .katex-html, annotation, script, svg, conv-explorer";
  for (const element of article.querySelectorAll(rest)) element.remove();
  // The page has no space between two paragraphs.
  for (const block of article.querySelectorAll("p, li, dt, td, th, pre, h1, h2, h3, h4")) block.append(" ");
  const found = anchor && article.querySelector(`[id="${anchor.slice(1)}"]`);
  if (!found) return article.textContent;
  return found.matches("dt") ? found.nextElementSibling.textContent : found.textContent;
};

// Who pastes a whole message asks for words that no page has, such as the shapes in it. So the pages
// that have most of the words are shown, the best one first: a rare word counts more than one that
// is everywhere, and one in a title half as much again.
// Of Chinese, the index has pairs of characters.
const pairs = (word) => {
  if (!/^[\u3400-\u9fff]/.test(word)) return [word];
  if (word.length === 1) return Object.keys(Search._index.terms).filter((term) => term.includes(word));
  return [...word].slice(1).map((_, i) => word.slice(i, i + 2));
};
const withAllWords = Search.performTermsSearch;
const scored = (page, score) => [...page.slice(0, 4), score, page[5]];
Search.performTermsSearch = (words, excluded) => {
  const pages = new Map();
  let top = 0;
  for (const word of [...words].flatMap(pairs)) {
    const having = withAllWords(new Set([word]), excluded);
    for (const page of having) {
      top = Math.max(top, page[4]);
      const rare = Math.log(1 + Search._index.docnames.length / having.length);
      const before = pages.get(page[0])?.[4] ?? 0;
      pages.set(page[0], scored(page, before + rare * (page[4] >= Scorer.partialTitle ? 1.5 : 1)));
    }
  }
  const best = Math.max(...[...pages.values()].map((page) => page[4]));
  const most = [...pages.values()].filter((page) => page[4] >= best / 2);
  return most.map((page) => scored(page, top * page[4] / best));
};

// The F of F.conv2d is no part of a function's name here.
const withNames = Search.performObjectSearch;
Search.performObjectSearch = (name, words) => withNames(
  name, new Set([...words].filter((word) => word.length > 1)),
);

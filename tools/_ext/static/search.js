// The text around a word that was found: that of the article, without its buttons and without its
// mathematics a second time; for a term or a function, what is said of it.
Search.htmlToText = (html, anchor) => {
  const article = new DOMParser().parseFromString(html, "text/html").querySelector(".bd-article");
  const rest = ".headerlink, .katex-html, annotation, script, style, svg, conv-explorer";
  for (const element of article.querySelectorAll(rest)) element.remove();
  const found = anchor && article.querySelector(`[id="${anchor.slice(1)}"]`);
  if (!found) return article.textContent;
  return found.matches("dt") ? found.nextElementSibling.textContent : found.textContent;
};

// The text around a word that was found: that of the article, without its buttons and without its
// mathematics a second time; for a term or a function, what is said of it. Styles are cut out
// before the page is parsed, because the policy of the page of the search forbids them.
Search.htmlToText = (html, anchor) => {
  const page = html.replace(/<style.*?<\/style>/gs, "");
  const article = new DOMParser().parseFromString(page, "text/html").querySelector(".bd-article");
  const rest = ".headerlink, .katex-html, annotation, script, svg, conv-explorer";
  for (const element of article.querySelectorAll(rest)) element.remove();
  const found = anchor && article.querySelector(`[id="${anchor.slice(1)}"]`);
  if (!found) return article.textContent;
  return found.matches("dt") ? found.nextElementSibling.textContent : found.textContent;
};

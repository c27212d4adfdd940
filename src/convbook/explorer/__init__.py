"""The explorer, a convolution or its transpose, cell by cell; and the trainer, exercises."""

from .element import explore
from .examples import EXAMPLES
from .trainer import practice

__all__ = ["EXAMPLES", "explore", "practice"]

"""Figures painted into pictures: words (pixels to words), labels (words to labelled numbers), figures (of an issue)."""

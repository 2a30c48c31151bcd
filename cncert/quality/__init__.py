"""Finds what looks wrong between weeks and between text and pictures, in issues that are already read."""

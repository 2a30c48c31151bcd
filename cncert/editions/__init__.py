"""Stores issues, wherever they were read."""

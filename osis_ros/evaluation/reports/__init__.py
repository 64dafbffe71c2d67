"""Figures for people: tables on the terminal, LaTeX, HTML pages, pictures."""

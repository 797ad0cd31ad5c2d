"""The slides: Markdown decks whose code, traces and figures come from where they are made, as pages of reveal.js."""

"""./muxlab compare: five servers under the same clients, measured and laid side by side."""

"""./muxlab bench: the curves and ratios behind the comparison, from interleaved runs."""

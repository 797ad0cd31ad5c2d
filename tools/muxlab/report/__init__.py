"""The page that ./muxlab compare writes: one HTML file with everything in it."""

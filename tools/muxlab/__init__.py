"""The tool behind ./muxlab: builds, runs, compares and tests the labs."""

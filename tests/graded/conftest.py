"""The graded suite: see docs/graded_tests.md, and plugin.py for running tests without ./muxlab grade."""

pytest_plugins = ["muxlab.grading.plugin"]

"""Bug cards: classic mistakes as patches on the labs, each with the graded test that catches it."""

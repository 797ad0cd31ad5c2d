"""What a server did, step by step, next to the lines of code that did it."""

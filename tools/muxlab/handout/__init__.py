"""Student repositories: some labs of this one, without the bodies of the functions that the students write."""

"""In a look's process: a pytest session that runs the chosen tests, and writes down their cost."""

"""One definition of every input."""

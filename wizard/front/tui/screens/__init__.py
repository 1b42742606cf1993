"""The screens: each shows a view of the course and turns keys into calls of it."""

"""Things on the screen. They know how to draw and which key was pressed, and nothing about databases."""

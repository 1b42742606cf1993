"""Pure functions from the walk to the blocks of text on a screen. Nothing here draws, waits or changes anything."""

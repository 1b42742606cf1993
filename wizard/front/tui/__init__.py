"""The Textual front end: the same walk as everywhere, shown on a screen and driven by keys."""

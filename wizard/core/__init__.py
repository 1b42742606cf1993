"""The pure core: facts, conditions, the tree and the walk. Nothing in here can open a file, a socket or a clock."""

"""Where an application connects: parsing every way to state it, and finding it in the surroundings."""

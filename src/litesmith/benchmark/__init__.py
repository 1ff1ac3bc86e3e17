"""How fast a variant is and how much memory it takes."""

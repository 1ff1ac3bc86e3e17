"""How right a variant is, and how sure that is."""

"""Root causes of lost accuracy: one file each."""

"""Ways to run a command on a device: one file each."""

"""What `litesmith device` can do to a device: one file each."""

"""Boards that are not there: an arm64 root run by qemu-user in namespaces of its own, reached over real SSH."""

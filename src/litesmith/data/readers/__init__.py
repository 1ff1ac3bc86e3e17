"""Forms of datasets: one file each."""

"""The figures that are shipped, and the script that rebuilds them."""

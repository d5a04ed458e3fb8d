"""What `make check-deep` runs: longer than the tests beside it, and not part of them."""

"""What an expression means: expressions to sets of origins."""

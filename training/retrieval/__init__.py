"""Out of everything that is sold, the few hundred offers that a shopper is likeliest to order and keep."""

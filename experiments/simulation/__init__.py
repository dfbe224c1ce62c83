"""What would have happened: the same shoppers served by different policies in a shop whose truth is known."""

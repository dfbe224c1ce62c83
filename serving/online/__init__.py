"""What became known since the night's snapshot: customers' facts, prices and stock, shared by all workers of a host."""

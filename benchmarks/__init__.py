"""Quality, speed and scale, measured."""

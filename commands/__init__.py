"""What can be typed after `keeprank`: each command wires the parts together and holds no logic of its own."""

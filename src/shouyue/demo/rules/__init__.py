"""Pure decisions of the demo: when faults come, what people say, what they do. Everything follows from a seed."""

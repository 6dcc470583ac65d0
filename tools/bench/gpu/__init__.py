"""What tools/bench/cuda is made of beside tools/bench/comparison: works, card, report, packing."""

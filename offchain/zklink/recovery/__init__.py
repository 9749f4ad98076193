"""What anyone can do with the chains alone: rebuild the state, finish what is common, leave by proof."""

"""The way out for anyone, with the chains alone: rebuild the state, finish the common blocks, leave by proof."""

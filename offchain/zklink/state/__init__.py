"""The state that blocks change: token rows, pools and the genesis they start from."""

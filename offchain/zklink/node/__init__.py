"""The loop of an operator: watch, seal, prove, submit, relay, fill; and the ports for what it is given."""

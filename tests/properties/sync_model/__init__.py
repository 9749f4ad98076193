"""The protocol of ACC, FRZ, execute, abort, last common block and exodus as an executable model: docs/sync-model.md."""

"""The demo: four local chains at their own pace, swaps between them, and at the end whether everything adds up."""

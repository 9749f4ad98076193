"""The demo: four local chains at their own pace, swaps between them, and an audit of every balance at the end."""

"""Code for this processor, written in Python as LLVM assembly: words, field elements in two layouts, the compiler."""

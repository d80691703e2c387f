"""What is measured: each module has `measure(bench)`, which gives rows."""

"""What only maintainers run: data from frameworks, fonts, digits, timings, printed outputs."""

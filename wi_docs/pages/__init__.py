"""What pages show: claims, exercises, figures, tables, explorers; one module a page or a thing."""

"""The build: it makes what is stale, hands it to MkDocs, and checks what came out."""

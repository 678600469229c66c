"""Search for passages: by embedding, always within one model, and by words."""

"""What is known of every article: its addresses, what became of each, when to ask again, which weeks are missing."""

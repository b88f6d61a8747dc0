"""What a user serves."""

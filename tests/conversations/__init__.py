"""What people and the bot say: conversations with the running product, and a transcript of every command."""

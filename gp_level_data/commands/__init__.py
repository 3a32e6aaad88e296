"""Commands of the command line: arguments, and what each says at its end."""

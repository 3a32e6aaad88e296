"""How much dearer both runs are than the same core work as one SQL script."""

"""What is wrong with a return: whose it is, who sent it, its values, and the verdict."""

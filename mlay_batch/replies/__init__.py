"""What goes out by mail: letters made of the office's own texts, to registered addresses only."""

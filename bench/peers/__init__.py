"""Programs that do the same work by other means. They import nothing of this project."""

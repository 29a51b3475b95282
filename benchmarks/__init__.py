"""What is measured, and how: every figure the project states comes out of one of these scripts."""

"""Parts of the speed suite: how time is taken, and what this project is measured against."""

"""What is followed: the topics file, matching, planning. Pure."""

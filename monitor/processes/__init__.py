"""The processes of one machine: started, watched, restarted, forked with limits, judged by their progress."""

"""Files, threads, interruption and progress: what the operating system is asked for."""

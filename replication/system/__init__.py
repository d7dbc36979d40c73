"""Files, threads, signals and progress lines: all that needs the operating system."""

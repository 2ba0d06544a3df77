"""What runs programs: machine code and its cache, the native loop, the crew of threads, buffers, devices."""

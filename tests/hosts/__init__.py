"""Poor hosts: no home, no room, no terminal, few threads, signals. The program runs, degrades and says so."""

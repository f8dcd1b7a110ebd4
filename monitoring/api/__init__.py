"""What the machines see, for programs: each view loads, calls one action and answers."""

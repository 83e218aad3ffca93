"""What runs inside a measured process: the clock, the controls, the turns, the counts, and the fixtures.

A gate copies this folder and gives the copy to the processes of both versions, so that both are measured by the same
code, also where one of the versions is older than the gate. It imports nothing of fairforget, and its own parts by
relative names.
"""

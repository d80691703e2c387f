"""The state of stateful lanes: keyed stores in memory, partitioned with the lane's input.

`stores` is what a handler sees, `partition` what one partition holds, `wire` how it stands in the changelog,
`checkpoint` the file that spares a restart most of the changelog. Pure, but for the checkpoint's files.
"""

"""What a lane remembers of the requests that it has answered, so that a repeat gets the same answer again.

`book` holds the answers of a partition, `in_flight` the requests whose answer is not known yet, `decision`
says what a repeat gets, `record` is what the changelog and the checkpoint hold. Pure and synchronous: time
is an argument, and nothing here blocks.
"""

"""The records of sagas as Avro: to dictionaries for a codec, and to bytes without a frame where that is faster."""

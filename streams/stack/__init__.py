"""The local stack: Apache Kafka and the Apicurio registry, run from Maven's jars without Docker."""

import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;

/**
 * Copies a topic to another one, exactly once, with one thread and a commit every 100 ms, until it is told to stop.
 * Arguments: bootstrap servers, source, target, application id, state folder, and any more properties as name=value.
 */
public class Copy {
  public static void main(String[] arguments) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", arguments[0]);
    properties.put("application.id", arguments[3]);
    properties.put("state.dir", arguments[4]);
    properties.put("processing.guarantee", "exactly_once_v2");
    properties.put("num.stream.threads", "1");
    properties.put("commit.interval.ms", "100");
    properties.put("replication.factor", "1");
    properties.put("auto.offset.reset", "earliest");
    properties.put("default.key.serde", Serdes.ByteArraySerde.class);
    properties.put("default.value.serde", Serdes.ByteArraySerde.class);
    for (int number = 5; number < arguments.length; number++) {
      String[] pair = arguments[number].split("=", 2);
      properties.put(pair[0], pair[1]);
    }
    StreamsBuilder builder = new StreamsBuilder();
    builder.<byte[], byte[]>stream(arguments[1]).to(arguments[2]);
    KafkaStreams streams = new KafkaStreams(builder.build(), properties);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(5))));
    streams.start();
  }
}

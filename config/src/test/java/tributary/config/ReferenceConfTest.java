package tributary.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigMemorySize;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.TributaryException;

/** The comments in reference.conf are promises; here they are held against the code. */
class ReferenceConfTest {
  private static final Pattern RANGE = Pattern.compile("Range: (.+) to (.+)");

  @TempDir private Path directory;

  /** Every leaf of the reference, by its full path. */
  private static Map<String, ConfigValue> leaves() {
    Config reference = ConfigFactory.parseResources(ReferenceConfTest.class, "/reference.conf");
    var leaves = new TreeMap<String, ConfigValue>();
    collect("tributary", reference.getObject("tributary"), leaves);
    return leaves;
  }

  private static void collect(String path, ConfigObject object, Map<String, ConfigValue> into) {
    object.forEach((key, value) -> {
      if (value instanceof ConfigObject section) {
        collect(path + "." + key, section, into);
      } else {
        into.put(path + "." + key, value);
      }
    });
  }

  static Stream<Arguments> ranges() {
    return leaves().entrySet().stream()
        .flatMap(leaf -> {
          Matcher range = RANGE.matcher(String.join("\n", leaf.getValue().origin().comments()));
          return range.find()
              ? Stream.of(Arguments.of(leaf.getKey(), range.group(1), range.group(2)))
              : Stream.empty();
        });
  }

  @Test
  void every_key_has_a_comment() {
    assertThat(leaves())
        .hasSizeGreaterThan(25)
        .allSatisfy((key, value) -> assertThat(value.origin().comments()).as(key).isNotEmpty());
  }

  @Test
  void every_number_size_and_duration_tells_its_range() {
    assertThat(leaves())
        .allSatisfy((key, value) -> {
          if (value.render().matches("\"?\\d+( \\w+)?\"?")) {
            assertThat(value.origin().comments()).as(key).anyMatch(RANGE.asPredicate());
          }
        });
  }

  @Test
  void every_key_is_read() {
    // A key that nothing reads is an unknown one, and unknown keys stop the start.
    assertThatCode(() -> with(Map.of())).doesNotThrowAnyException();
  }

  @ParameterizedTest(name = "{0} from {1} to {2}")
  @MethodSource("ranges")
  void both_ends_of_a_range_are_legal_and_what_lies_beyond_is_not(
      String key, String min, String max) {
    assertThatCode(() -> with(Map.of(key, min))).doesNotThrowAnyException();
    assertThatCode(() -> with(Map.of(key, max))).doesNotThrowAnyException();
    for (String beyond : new String[] {moved(min, -1), moved(max, 1)}) {
      assertThatThrownBy(() -> with(Map.of(key, beyond)))
          .isInstanceOf(TributaryException.class)
          .hasMessageStartingWith("config: " + key + " is '\"" + beyond + "\"'")
          .hasMessageContaining("from " + min + " to " + max);
    }
  }

  /** The reference with other values, and limits that leave each other room. */
  private ServerConfig with(Map<String, String> values) {
    String room =
        values.containsKey("tributary.device.running-max")
            ? "tokens-per-step = 65536"
            : "running-max = 1";
    return new ConfigText(directory)
        .load("tributary.device." + room)
        .withOverrides(values)
        .server();
  }

  /** The next value up or down: of a number, of bytes or of nanoseconds. */
  private static String moved(String value, int step) {
    Config config = ConfigFactory.parseMap(Map.of("it", value));
    if (value.matches("\\d+")) {
      return new BigInteger(value).add(BigInteger.valueOf(step)).toString();
    }
    if (value.matches("\\d+ [KMGT]iB")) {
      ConfigMemorySize size = config.getMemorySize("it");
      return size.toBytesBigInteger().add(BigInteger.valueOf(step)) + " B";
    }
    Duration span = config.getDuration("it");
    return span.plusNanos(step).toNanos() + " ns";
  }
}

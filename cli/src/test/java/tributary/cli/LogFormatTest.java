package tributary.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How lines of the log are written, as the environment asks. */
class LogFormatTest {
  @Test
  void json_is_one_object_a_line_with_the_fault_in_it() throws Exception {
    String written = written("json");
    assertThat(written.strip().lines()).hasSize(1);
    JsonNode line = new ObjectMapper().readTree(written);
    assertThat(line.get("level").asText()).isEqualTo("WARN");
    assertThat(line.get("loggerName").asText()).isEqualTo("tributary.x");
    assertThat(line.get("formattedMessage").asText()).isEqualTo("two \"words\"\nof acme");
    assertThat(line.at("/throwable/message").asText()).isEqualTo("broken");
    assertThat(line.get("timestamp").asLong()).isPositive();
  }

  @Test
  void text_is_what_one_gets_without_asking() throws Exception {
    assertThat(written(null)).contains("WARN  tributary.x - two \"words\"");
  }

  /** A line as the only appender of the root would write it. */
  private static String written(@Nullable String format) throws Exception {
    var context = new LoggerContext();
    context.setMDCAdapter(new LogbackMDCAdapter());
    if (format != null) {
      context.putProperty("TRIBUTARY_LOG_FORMAT", format);
    }
    var configurator = new JoranConfigurator();
    configurator.setContext(context);
    URL settings = Objects.requireNonNull(LogFormatTest.class.getResource("/logback.xml"));
    configurator.doConfigure(settings);
    try {
      Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
      List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
      root.iteratorForAppenders().forEachRemaining(appenders::add);
      assertThat(appenders).hasSize(1);
      var event =
          new LoggingEvent(
              "",
              context.getLogger("tributary.x"),
              Level.WARN,
              "two \"words\"\nof {}",
              new IllegalStateException("broken"),
              new Object[] {"acme"});
      var appender = (ConsoleAppender<ILoggingEvent>) appenders.getFirst();
      return new String(appender.getEncoder().encode(event), StandardCharsets.UTF_8);
    } finally {
      context.stop();
    }
  }
}

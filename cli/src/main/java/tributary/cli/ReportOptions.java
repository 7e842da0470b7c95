package tributary.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.PrintStream;
import java.util.function.Consumer;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine.Option;

/** How a command that prints figures prints them: for people, or as one JSON object. */
final class ReportOptions {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(JsonInclude.Include.ALWAYS, JsonInclude.Include.ALWAYS))
          .build();

  @Option(
      names = "--json",
      description =
          "Print one JSON object on standard output and everything else on standard error.")
  private boolean json;

  /** Prints {@code report}: as JSON, or by {@code human}. */
  void print(Object report, Consumer<PrintStream> human) {
    if (!json) {
      human.accept(System.out);
      return;
    }
    try {
      System.out.println(MAPPER.writeValueAsString(report));
    } catch (JsonProcessingException e) {
      throw new AssertionError("a report that is not JSON: " + report.getClass(), e);
    }
  }

  /** Hands {@code reader} standard output where people read along, that is without JSON. */
  void streaming(Consumer<PrintStream> reader) {
    if (!json) {
      reader.accept(System.out);
    }
  }

  /** A progress bar on standard error, for work of {@code total} parts; 0 when unknown. */
  static ProgressBar progress(String task, long total, String unit) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(total)
        .setUnit(" " + unit, 1)
        .setUpdateIntervalMillis(200)
        .setStyle(ProgressBarStyle.ASCII)
        .setConsumer(new ConsoleProgressBarConsumer(System.err))
        .build();
  }
}

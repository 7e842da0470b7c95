package tributary.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.actors.TokenFountain;
import tributary.cli.gateway.EmissionTimes;
import tributary.cli.gateway.GatewayFigures;
import tributary.cli.gateway.GatewayLoad;
import tributary.cli.gateway.PacedSpring;
import tributary.config.Loaded;
import tributary.config.ServerConfig;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.Tokens;
import tributary.protocol.TributaryException;

/** Measures what a token costs between the device and the client. */
@Command(
    name = "gateway",
    description =
        "Measure the way of a token from the device to the client: a whole server, whose tokens"
            + " take no time to compute, and a client of many streams in one process.")
final class BenchGatewayCommand implements Callable<Integer> {
  private static final int STREAMS_MAX = 16_384;
  private static final String TEXT =
      "The quick brown fox jumps over the lazy dog, and \"nobody\" knows why it is so quick.\n";

  @Option(
      names = "--base",
      paramLabel = "DIR",
      description =
          "Checkpoint whose configuration, tokenizer and template are used (default: the demo's).")
  private @Nullable Path base;

  @Option(
      names = "--streams",
      defaultValue = "1000",
      paramLabel = "N",
      description = "Streams side by side (default: ${DEFAULT-VALUE}).")
  private int streams;

  @Option(
      names = "--rate",
      defaultValue = "50.5",
      paramLabel = "R",
      description =
          "Tokens a second that the device draws for each stream while it has an answer; between"
              + " two answers it draws none. 0: as many as are taken (default: ${DEFAULT-VALUE}).")
  private double rate;

  @Option(
      names = "--answer-tokens",
      defaultValue = "512",
      paramLabel = "N",
      description = "Tokens of each answer (default: ${DEFAULT-VALUE}).")
  private int answerTokens;

  @Option(
      names = "--seconds",
      defaultValue = "20",
      paramLabel = "N",
      description = "How long to measure (default: ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "40",
      paramLabel = "N",
      description = "How many seconds before that (default: ${DEFAULT-VALUE}).")
  private int warmUp;

  @Mixin private ReportOptions report = new ReportOptions();

  @Override
  public Integer call() {
    if (streams < 1 || streams > STREAMS_MAX) {
      throw TributaryException.parameter("streams", streams, 1, STREAMS_MAX);
    }
    GatewayFigures found = measure();
    report.print(found, to -> print(to, found));
    return 0;
  }

  private GatewayFigures measure() {
    Path directory = base != null ? base : DemoCommand.home().resolve("base");
    Loaded settings = ServerConfig.parse(configuration(directory));
    var times = new EmissionTimes(streams, answerTokens);
    long stepNanos = rate == 0 ? 0 : Math.round(1e9 / rate);
    var spring = new PacedSpring(tokens(directory), stepNanos, times);
    var load =
        new GatewayLoad.Settings(
            settings.server().base().name().name(),
            streams,
            answerTokens,
            warmUp,
            seconds,
            rate * streams);
    try (RunningServer server =
            RunningServer.start(
                settings, (config, raw) -> TokenFountain.start(config, raw, spring));
        GatewayLoad client = GatewayLoad.connect(server.bound(), load, times)) {
      return client.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String configuration(Path directory) {
    return """
    tributary {
      base { name = base, path = "%s" }
      http { port = 0, connections-max = %d, drain-max = 0 s }
      device { running-max = %d, waiting-max = %d, tokens-per-step = 65536 }
    }
    """
        .formatted(directory.toAbsolutePath(), 2 * streams, streams, 2 * streams);
  }

  /** Those of a text that are whole characters by themselves, so that each becomes an event. */
  private static Tokens tokens(Path directory) {
    try (TextTokenizer tokenizer = TextTokenizer.open(directory)) {
      Tokens all = tokenizer.encode(TEXT, false);
      return Tokens.of(
          IntStream.range(0, all.count())
              .map(all::id)
              .filter(id -> isWhole(tokenizer.tokenText(id)))
              .toArray());
    }
  }

  private static boolean isWhole(String text) {
    return !text.isEmpty() && text.indexOf('\uFFFD') < 0;
  }

  private static void print(PrintStream to, GatewayFigures found) {
    to.printf(
        "%d streams, %.0f tokens/s over %.1f s (%s), %d answers%n",
        found.streams(),
        found.tokensPerSecond(),
        found.seconds(),
        found.offeredTokensPerSecond() == 0
            ? "as many as were taken"
            : "%.0f/s offered".formatted(found.offeredTokensPerSecond()),
        found.answers());
    to.printf(
        "added latency: p50 %.2f ms, p90 %.2f, p99 %.2f, max %.2f%n",
        found.latency().p50Millis(),
        found.latency().p90Millis(),
        found.latency().p99Millis(),
        found.latency().maxMillis());
    to.printf(
        "processor time a token: gateway %.1f us, client %.1f us%n",
        found.gatewayMicrosPerToken(), found.clientMicrosPerToken());
    to.printf(
        "live heap: %.1f MiB before, %.1f MiB after%n",
        found.heap().beforeMib(), found.heap().afterMib());
  }
}

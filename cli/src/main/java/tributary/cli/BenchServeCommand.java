package tributary.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import me.tongfei.progressbar.ProgressBar;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.cli.load.LoadFigures;
import tributary.cli.load.LoadObjective;
import tributary.cli.load.LoadReport;
import tributary.cli.load.LoadRun;
import tributary.cli.load.LoadTarget;
import tributary.model.tokenizer.TextTokenizer;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.simulation.workload.Traffic;

/** Loads a server and says what its clients see. */
@Command(
    name = "serve",
    description =
        "Send requests to a server with an OpenAI-compatible API, ours or another, and measure what"
            + " its clients see.")
final class BenchServeCommand implements Callable<Integer> {
  private static final long REQUESTS_DEFAULT = 100;
  private static final int RUNNING_MAX = 100_000;
  private static final Duration LISTING_MAX = Duration.ofSeconds(30);

  @Option(
      names = "--url",
      defaultValue = "http://127.0.0.1:8000",
      paramLabel = "URL",
      description = "The server, without /v1 (default: ${DEFAULT-VALUE}).")
  private URI url = URI.create("");

  @Option(names = "--api-key", paramLabel = "KEY", description = "Sent as a bearer token.")
  private @Nullable String key;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description =
          "A model to ask, the most popular first; repeatable (default: all that the server"
              + " lists).")
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--endpoint",
      defaultValue = "COMPLETIONS",
      paramLabel = "WHICH",
      description = "completions or chat (default: completions).")
  private LoadTarget.Endpoint endpoint = LoadTarget.Endpoint.COMPLETIONS;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      description = "Keep so many requests running, whenever they are said to arrive.")
  private @Nullable Integer concurrency;

  @Option(
      names = "--max-concurrency",
      paramLabel = "N",
      description = "Send requests at their times, but run so many at most.")
  private @Nullable Integer concurrencyMax;

  @Option(
      names = "--warm-up",
      defaultValue = "0",
      paramLabel = "N",
      description = "Requests before those that count (default: ${DEFAULT-VALUE}).")
  private int warmUp;

  @Option(
      names = "--no-ignore-eos",
      description = "Let answers end where the model ends them; some servers know no ignore_eos.")
  private boolean endsByItself;

  @Option(
      names = "--timeout",
      defaultValue = "600",
      paramLabel = "SECONDS",
      description = "After which a request counts as failed (default: ${DEFAULT-VALUE}).")
  private int timeout;

  @Option(
      names = "--tokenizer",
      paramLabel = "DIR",
      description =
          "Checkpoint whose tokenizer counts the tokens of servers that do not tell; without it"
              + " words are counted.")
  private @Nullable Path tokenizer;

  @Option(
      names = "--goodput",
      paramLabel = "NAME=MS",
      description = "What a good request keeps: ttft, tpot or e2el; repeatable.")
  private Map<String, Double> goodput = new LinkedHashMap<>();

  @Option(names = "--report", paramLabel = "DIR", description = "Write load.html there.")
  private @Nullable Path directory;

  @Mixin private TrafficOptions traffic = new TrafficOptions();

  @Mixin private ReportOptions output = new ReportOptions();

  @Override
  public Integer call() throws InterruptedException {
    LoadObjective objective = objective();
    var target =
        new LoadTarget(
            url,
            key,
            models.isEmpty() ? listed() : models,
            endpoint,
            !endsByItself,
            Duration.ofSeconds(timeout));
    var report = new LoadReport(run(target, objective), settings(target));
    if (directory != null) {
      report.write(directory);
    }
    output.print(report.figures(), to -> to.print(report.toText()));
    return report.figures().completed() > 0 ? 0 : 1;
  }

  private LoadFigures run(LoadTarget target, LoadObjective objective) throws InterruptedException {
    var pace =
        new LoadRun.Pace(
            concurrency == null,
            concurrency != null
                ? concurrency
                : concurrencyMax != null ? concurrencyMax : RUNNING_MAX,
            warmUp);
    try (@Nullable TextTokenizer counts = tokenizer == null ? null : TextTokenizer.open(tokenizer);
        Traffic requests = traffic.openSome(target.models().size(), REQUESTS_DEFAULT);
        ProgressBar progress = ReportOptions.progress("Asking", 0, "answers")) {
      ToIntFunction<String> tokenCount =
          counts == null
              ? text -> text.isBlank() ? 0 : text.strip().split("\\s+", -1).length
              : text -> counts.encode(text, false).count();
      return new LoadRun(target, pace, tokenCount).run(requests, objective, progress::step);
    }
  }

  private LoadObjective objective() {
    for (String name : goodput.keySet()) {
      if (!List.of("ttft", "tpot", "e2el").contains(name)) {
        throw new TributaryException(
            ErrorCode.USAGE,
            "--goodput %s: the times are ttft, tpot and e2el".formatted(name),
            "goodput");
      }
    }
    return new LoadObjective(limit("ttft"), limit("tpot"), limit("e2el"));
  }

  private OptionalDouble limit(String name) {
    Double limit = goodput.get(name);
    return limit == null ? OptionalDouble.empty() : OptionalDouble.of(limit);
  }

  private List<String> listed() throws InterruptedException {
    var request = HttpRequest.newBuilder(url.resolve("/v1/models")).timeout(LISTING_MAX);
    if (key != null) {
      request.header("Authorization", "Bearer " + key);
    }
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpResponse<String> answer =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      JsonNode data = JsonMapper.builder().build().readTree(answer.body()).path("data");
      List<String> names = data.findValuesAsText("id");
      if (answer.statusCode() == 200 && !names.isEmpty()) {
        return names;
      }
      throw new TributaryException(
          ErrorCode.USAGE,
          "%s/v1/models answers %d and lists no models; name them with --model"
              .formatted(url, answer.statusCode()));
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "%s gives no list of models (%s); is the server up? Name it with --url".formatted(url, e),
          e);
    }
  }

  private Map<String, String> settings(LoadTarget target) {
    var settings = new LinkedHashMap<String, String>();
    settings.put("server", target.server().toString());
    settings.put("models", String.join(", ", target.models()));
    settings.put("endpoint", target.endpoint().name());
    settings.put("concurrency", concurrency == null ? "as they arrive" : concurrency.toString());
    settings.put("at most", concurrencyMax == null ? "all" : concurrencyMax.toString());
    settings.put("good requests", goodput.isEmpty() ? "all" : goodput.toString());
    traffic.describe(settings);
    return settings;
  }
}

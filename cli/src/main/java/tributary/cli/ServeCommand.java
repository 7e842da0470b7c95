package tributary.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves the variants of a configuration until the process is told to end. */
@Command(
    name = "serve",
    description = "Serve the variants of a configuration over an OpenAI-compatible API.")
final class ServeCommand implements Callable<Integer> {
  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "HOCON file that names the base, the variants and what differs from defaults.")
  private Path config = Path.of("");

  @Mixin private ServerOptions options = new ServerOptions();

  @Mixin private ReportOptions report = new ReportOptions();

  /** What is printed once the server is ready; the JSON names are stable. */
  private record Serving(String address, List<String> models) {}

  @Override
  public Integer call() {
    try (RunningServer server = RunningServer.start(options.read(config))) {
      var serving =
          new Serving(
              server.address(), server.models().stream().map(model -> model.id().name()).toList());
      report.print(
          serving,
          to ->
              to.printf("Serving %s on %s%n", String.join(", ", serving.models), serving.address));
      server.awaitEnd();
    }
    return 0;
  }
}

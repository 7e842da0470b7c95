package tributary.cli;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Serves the repository's own models and says how to talk to them. */
@Command(
    name = "demo",
    description =
        "Serve five fine-tunes and a LoRA of one small base, and print a curl line for each.")
final class DemoCommand implements Callable<Integer> {
  /** A prompt of each tenant's task. */
  private static final Map<String, String> PROMPTS = new LinkedHashMap<>();

  static {
    PROMPTS.put("arithmetic", "941 - 766 =");
    PROMPTS.put("banking77", "Customer: My card was stolen!\\nTopic:");
    PROMPTS.put("banking77-lora", "Customer: I was charged twice for one coffee.\\nTopic:");
    PROMPTS.put("java_code", "    public static int max(final int a, final int b) {\\n");
    PROMPTS.put("sgd_chat", "User: I want to book a table for two.\\nAssistant:");
    PROMPTS.put(
        "wikisql", "Columns: name, party, year\\nQuestion: Which party had John Smith?\\nSQL:");
  }

  @Mixin private ServerOptions options = new ServerOptions();

  @Mixin private ReportOptions report = new ReportOptions();

  /** What is printed once the demo is ready; the JSON names are stable. */
  private record Demo(String address, Map<String, String> curl) {}

  @Override
  public Integer call() {
    try (RunningServer server = RunningServer.start(options.read(configuration()))) {
      Map<String, String> curl = new LinkedHashMap<>();
      PROMPTS.forEach((model, prompt) -> curl.put(model, curl(server.address(), model, prompt)));
      report.print(new Demo(server.address(), curl), to -> print(to, server.address(), curl));
      server.awaitEnd();
    }
    return 0;
  }

  private static Path configuration() {
    return home().resolve("tributary.conf");
  }

  /** Its directory, in a source tree or an unpacked release, wherever it is started from. */
  static Path home() {
    Path home = Path.of(System.getProperty("tributary.home", ""));
    for (Path candidate : List.of(home, Path.of(""))) {
      Path demo = candidate.resolve("demo");
      if (Files.isRegularFile(demo.resolve("tributary.conf"))) {
        return demo;
      }
    }
    throw new TributaryException(
        ErrorCode.FILE_NOT_FOUND,
        "no demo/tributary.conf in %s; start it with the tributary script, or in the source tree"
            .formatted(home.toAbsolutePath()));
  }

  private static String curl(String address, String model, String prompt) {
    return ("curl -N %s/v1/completions -H 'Content-Type: application/json'"
            + " -d '{\"model\": \"%s\", \"prompt\": \"%s\", \"max_tokens\": 48,"
            + " \"temperature\": 0, \"stream\": true}'")
        .formatted(address, model, prompt);
  }

  private static void print(PrintStream to, String address, Map<String, String> curl) {
    to.printf("Tributary serves five fine-tunes and a LoRA of one base on %s%n%n", address);
    curl.forEach((model, line) -> to.printf("%s:%n  %s%n%n", model, line));
    to.printf("OpenAI clients: base URL %s/v1, any API key. Ctrl-C ends it.%n", address);
  }
}

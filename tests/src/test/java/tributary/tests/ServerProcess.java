package tributary.tests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A {@code tributary serve} in a JVM of its own, on ports of its own. */
final class ServerProcess implements AutoCloseable {
  private static final Pattern ADDRESS = Pattern.compile("http://[0-9.]+:[0-9]+");
  private static final long START_SECONDS_MAX = 120;
  private static final long STOP_SECONDS_MAX = 60;

  private final Process process;
  private final URI address;

  private ServerProcess(Process process, URI address) {
    this.process = process;
    this.address = address;
  }

  /** Starts {@code serve --config config} with further options; returns once it serves. */
  static ServerProcess start(Path config, String... options) throws IOException {
    return start(List.of(), config, options);
  }

  /**
   * @param jvm options of the JVM, which win over those that all have
   */
  static ServerProcess start(List<String> jvm, Path config, String... options) throws IOException {
    List<String> command = javaCommand();
    command.addAll(command.indexOf("-cp"), jvm);
    command.addAll(List.of("serve", "--config", config.toString(), "--port", "0"));
    command.addAll(List.of("--set", "tributary.device.warm-up=100ms"));
    command.addAll(List.of(options));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("TRIBUTARY_LOG", "WARN"); // Not a line for each request.
    Process process = builder.start();
    CompletableFuture<URI> address = new CompletableFuture<>();
    Thread.ofVirtual().start(() -> readOutput(process, address));
    try {
      return new ServerProcess(process, address.get(START_SECONDS_MAX, TimeUnit.SECONDS));
    } catch (ExecutionException | TimeoutException | InterruptedException e) {
      process.destroyForcibly();
      throw new IOException("the server did not start", e);
    }
  }

  /** The command line that runs {@code tributary} on this test's class path. */
  static List<String> javaCommand() {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return new ArrayList<>(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "--add-modules=jdk.incubator.vector",
            "-Xmx1g",
            "-cp",
            classPath,
            "tributary.cli.Main"));
  }

  URI address() {
    return address;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for the process to end by itself, and gives its exit status. */
  int awaitEnd() {
    return process.onExit().orTimeout(STOP_SECONDS_MAX, TimeUnit.SECONDS).join().exitValue();
  }

  /** SIGKILL. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** SIGTERM. */
  void terminate() {
    process.destroy();
  }

  /** SIGTERM, and the exit status. */
  int stop() {
    terminate();
    try {
      return process.onExit().orTimeout(STOP_SECONDS_MAX, TimeUnit.SECONDS).join().exitValue();
    } catch (CompletionException e) {
      process.destroyForcibly();
      throw new AssertionError("the server ignored SIGTERM for " + STOP_SECONDS_MAX + " s", e);
    }
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      stop();
    }
  }

  private static void readOutput(Process process, CompletableFuture<URI> address) {
    List<String> lines = new ArrayList<>();
    try (BufferedReader output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(line);
        Matcher matcher = ADDRESS.matcher(line);
        if (matcher.find()) {
          address.complete(URI.create(matcher.group()));
        }
      }
      address.completeExceptionally(new IOException("it ended, having said: " + lines));
    } catch (IOException e) {
      address.completeExceptionally(new UncheckedIOException(e));
    }
  }
}

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
    List<String> command = javaCommand();
    command.addAll(List.of("serve", "--config", config.toString(), "--port", "0"));
    command.addAll(List.of(options));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
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

  /** SIGKILL. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** SIGTERM, and the exit status. */
  int stop() {
    process.destroy();
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

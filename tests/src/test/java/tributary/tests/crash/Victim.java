package tributary.tests.crash;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A JVM that obeys lines on its standard input and is killed when it should least be. */
final class Victim implements AutoCloseable {
  private static final int MINUTES_MAX = 2;
  private static final String END = "";

  private final Process process;
  private final BufferedWriter commands;
  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();
  private final Thread reader;

  private Victim(Process process) {
    this.process = process;
    commands = process.outputWriter();
    reader = Thread.ofVirtual().start(this::read);
  }

  /** Starts a class of this class path, and does not wait. */
  static Victim start(String main, Object... arguments) throws IOException {
    return new Victim(
        new ProcessBuilder(command(main, arguments))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start());
  }

  /** Starts it where no file may grow beyond so many KiB: a disk that is full, by and by. */
  static Victim startLimited(int kibibytes, String main, Object... arguments) throws IOException {
    var command =
        new ArrayList<>(
            List.of("bash", "-c", "ulimit -f " + kibibytes + "; exec \"$@\"", "limited"));
    command.addAll(command(main, arguments));
    return new Victim(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start());
  }

  private static List<String> command(String main, Object... arguments) {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--add-modules=jdk.incubator.vector",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:-UsePerfData",
                "-Xmx256m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                main));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }

  void tell(String line) throws IOException {
    commands.write(line);
    commands.newLine();
    commands.flush();
  }

  /** The next line that it says. */
  String answer() throws InterruptedException {
    String line = said.poll(MINUTES_MAX, TimeUnit.MINUTES);
    if (line == null || line.equals(END)) {
      throw new AssertionError("the process ended, or says nothing");
    }
    return line;
  }

  /** The lines before the one that begins with {@code last}. */
  List<String> answersUntil(String last) throws InterruptedException {
    var lines = new ArrayList<String>();
    for (String line = answer(); !line.startsWith(last); line = answer()) {
      lines.add(line);
    }
    return lines;
  }

  /** Waits for the process to end by itself. */
  int exit() throws InterruptedException {
    return process.waitFor();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /**
   * SIGKILL, then what it still had said.
   *
   * @return whether it was killed, rather than ended by itself
   */
  boolean kill(Consumer<String> rest) throws InterruptedException {
    var _ = process.toHandle().destroyForcibly(); // Leaves its pipes open.
    int exit = process.waitFor();
    reader.join();
    for (String line = said.take(); !line.equals(END); line = said.take()) {
      rest.accept(line);
    }
    said.add(END);
    return exit == 128 + 9;
  }

  private void read() {
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      said.add(END);
    }
  }

  @Override
  public void close() {
    var _ = process.toHandle().destroyForcibly();
  }
}

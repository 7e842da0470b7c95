package tributary.streams.tenancy;

import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.tukaani.xz.XZInputStream;

/** A PostgreSQL of its own, in a directory of its own, for as long as a test runs. */
final class PostgresServer implements AutoCloseable {
  private static final long COMMAND_SECONDS_MAX = 60;

  /** A user of every Linux machine; the server refuses to run as root. */
  private static final String NOBODY = "65534";

  /** The programs, packed; a test-scoped artifact brings them. */
  private static final String ARCHIVE = "/postgres-linux-x86_64.txz";

  private final Path programs;
  private final Path data;
  private final int port;

  private PostgresServer(Path programs, Path data, int port) {
    this.programs = programs;
    this.data = data;
    this.port = port;
  }

  /** Whether the class path has a PostgreSQL for this kind of machine. */
  static boolean runsHere() {
    return System.getProperty("os.name").equals("Linux")
        && System.getProperty("os.arch").equals("amd64");
  }

  static PostgresServer start(Path directory) throws IOException {
    Path programs = unpack(directory.resolve("programs")).resolve("bin");
    Path data = directory.resolve("postgres");
    int port = freePort();
    Files.createDirectories(data);
    if (isRoot()) {
      run(List.of("chmod", "755", directory.toString()));
      run(List.of("chown", NOBODY, data.toString()));
    }
    run(
        postgres(
            programs, "initdb", "-D", data.toString(), "-U", "tributary", "-A", "trust", "-N"));
    String options =
        "-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s".formatted(port, data);
    run(
        postgres(
            programs,
            "pg_ctl",
            "-D",
            data.toString(),
            "-o",
            options,
            "-l",
            data + "/log",
            "-w",
            "start"));
    return new PostgresServer(programs, data, port);
  }

  String url() {
    return "jdbc:postgresql://127.0.0.1:%d/postgres".formatted(port);
  }

  @Override
  public void close() throws IOException {
    run(postgres(programs, "pg_ctl", "-D", data.toString(), "-m", "immediate", "-w", "stop"));
    if (isRoot()) {
      run(List.of("rm", "-r", data.toString()));
    }
  }

  private static List<String> postgres(Path programs, String program, String... arguments) {
    var command = new ArrayList<String>();
    if (isRoot()) {
      command.addAll(
          List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
    }
    command.add(programs.resolve(program).toString());
    command.addAll(List.of(arguments));
    return command;
  }

  private static Path unpack(Path programs) throws IOException {
    Files.createDirectories(programs);
    Path archive = programs.resolve("postgres.tar");
    try (InputStream packed = PostgresServer.class.getResourceAsStream(ARCHIVE)) {
      if (packed == null) {
        throw new IOException("the class path has no " + ARCHIVE);
      }
      try (var unpacked = new XZInputStream(packed)) {
        Files.copy(unpacked, archive);
      }
    }
    run(List.of("tar", "-xf", archive.toString(), "-C", programs.toString()));
    Files.delete(archive);
    return programs;
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void run(List<String> command) throws IOException {
    Path output = Files.createTempFile("postgres", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!ends(process) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException(command + " failed: " + Files.readString(output));
    }
    Files.delete(output);
  }

  private static boolean ends(Process process) {
    try {
      return process.waitFor(COMMAND_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
